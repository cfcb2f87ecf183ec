use registry::{Actor, ApiToken, NewApiToken, RegistryError, Role};
use sqlx::Row;

use crate::backend::Backend;

pub(crate) fn new_token(name: &str, role: Role) -> NewApiToken {
    NewApiToken {
        name: name.to_owned(),
        role,
        expires_at_ms: None,
    }
}

pub(crate) async fn a_token_opens_until_it_is_revoked(backend: &Backend) {
    let registry = backend.registry.acting_as(Actor::command_line("ann"));
    assert!(!registry.has_tokens().await.unwrap());
    assert!(!registry.has_active_admin().await.unwrap());
    let (made, secret) = registry.create_token(new_token("ci", Role::Admin)).await.unwrap();
    let secret = secret.expose().to_owned();
    assert!(secret.starts_with("cl_") && secret.len() == 3 + 43, "{secret}");
    assert_eq!(
        (made.name.as_str(), made.role, made.created_by.as_str()),
        ("ci", Role::Admin, "cli:ann")
    );
    assert_eq!(made.who(), format!("token:ci:{}", made.token_id));
    assert!(made.is_active(i64::MAX) && registry.has_active_admin().await.unwrap());

    let found = registry.token_by_secret(&secret).await.unwrap();
    assert_eq!(found, Some(made.clone()));
    let used = registry.tokens().await.unwrap().remove(0);
    let used_at = used.last_used_at_ms.unwrap();
    assert!(used_at >= made.created_at_ms);
    registry.token_by_secret(&secret).await.unwrap();
    assert_eq!(registry.tokens().await.unwrap()[0].last_used_at_ms, Some(used_at));
    for other in ["", "cl_", &secret[..45], &format!("{secret}x"), &secret[3..]] {
        assert_eq!(registry.token_by_secret(other).await.unwrap(), None, "{other}");
    }

    let revoked = registry.revoke_token(&made.token_id).await.unwrap();
    assert!(revoked.revoked_at_ms.is_some() && !revoked.is_active(0));
    assert_eq!(registry.revoke_token(&made.token_id).await.unwrap(), revoked);
    assert_eq!(registry.token_by_secret(&secret).await.unwrap(), Some(revoked));
    assert!(registry.has_tokens().await.unwrap());
    assert!(!registry.has_active_admin().await.unwrap());
    // Its name is free again.
    let (next, _) = registry
        .create_token(new_token("ci", Role::Viewer))
        .await
        .unwrap();
    assert_ne!(next.token_id, made.token_id);
    assert!(!registry.has_active_admin().await.unwrap());
}

pub(crate) async fn an_expired_token_opens_nothing(backend: &Backend) {
    let registry = &backend.registry;
    let mut new = new_token("short", Role::Admin);
    new.expires_at_ms = Some(9_000_000_000_000);
    let (made, secret) = registry.create_token(new).await.unwrap();
    assert!(made.is_active(8_999_999_999_999) && !made.is_active(9_000_000_000_000));
    assert!(registry.has_active_admin().await.unwrap());
    let pool = backend.pool().await;
    sqlx::query("update api_tokens set expires_at_ms = 5")
        .execute(&pool)
        .await
        .unwrap();
    let found = registry.token_by_secret(secret.expose()).await.unwrap().unwrap();
    assert!(!found.is_active(5));
    assert_eq!(
        registry.tokens().await.unwrap(),
        [ApiToken {
            last_used_at_ms: None,
            ..found
        }]
    );
    assert!(!registry.has_active_admin().await.unwrap());
}

pub(crate) async fn wrong_tokens_are_refused(backend: &Backend) {
    let registry = &backend.registry;
    registry
        .create_token(new_token("ci", Role::Viewer))
        .await
        .unwrap();
    let taken = registry.create_token(new_token("ci", Role::Admin)).await;
    assert!(matches!(
        taken,
        Err(RegistryError::AlreadyExists { kind: "token", .. })
    ));
    for name in ["", "a b", "a\nb", "a:b", &"a".repeat(65)] {
        let refused = registry.create_token(new_token(name, Role::Admin)).await;
        assert!(
            matches!(refused, Err(RegistryError::InvalidValue { .. })),
            "{name:?}"
        );
    }
    let mut over = new_token("over", Role::Admin);
    over.expires_at_ms = Some(1);
    let refused = registry.create_token(over).await;
    assert!(matches!(refused, Err(RegistryError::InvalidValue { .. })));
    let absent = registry.revoke_token("absent").await;
    assert!(matches!(
        absent,
        Err(RegistryError::NotFound { kind: "token", .. })
    ));
    assert_eq!(registry.tokens().await.unwrap().len(), 1);
}

pub(crate) async fn secrets_are_in_no_table(backend: &Backend) {
    let registry = &backend.registry;
    let (made, secret) = registry.create_token(new_token("ci", Role::Admin)).await.unwrap();
    registry.revoke_token(&made.token_id).await.unwrap();
    let secret = secret.expose().strip_prefix("cl_").unwrap();
    let pool = backend.pool().await;
    for (table, columns) in [("api_tokens", 4), ("audit_log", 5)] {
        let rows = sqlx::query(match table {
            "api_tokens" => "select token_id, name, role, secret_sha256 from api_tokens",
            _ => "select who, origin, action, object, details from audit_log",
        })
        .fetch_all(&pool)
        .await
        .unwrap();
        assert!(!rows.is_empty(), "{table}");
        for row in rows {
            for column in 0..columns {
                let text: String = row.get(column);
                assert!(!text.contains(secret), "{table}: {text}");
            }
        }
    }
    let error = sqlx::query("delete from api_tokens")
        .execute(&pool)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("never deleted"), "{error}");
    assert!(!format!("{:?}", registry.tokens().await.unwrap()).contains(secret));
}
