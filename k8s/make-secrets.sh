#!/bin/sh
# Writes the secrets that the manifests read: random passwords, the API token and a P-256 signing key pair.
#
#   k8s/make-secrets.sh [DIR]
#
# DIR is the k8s folder to write into; this script's own folder when absent. Files go to DIR/app/secrets and
# DIR/services/secrets, readable by their owner alone (0600). A complete set is left as it is; remove both folders
# to make a new one. Needs openssl.
set -eu
umask 077

dir=${1:-$(dirname -- "$0")}
for part in app services; do
    if [ ! -f "$dir/$part/kustomization.yaml" ]; then
        echo "make-secrets: $dir/$part/kustomization.yaml isn't there; give the k8s folder" >&2
        exit 2
    fi
done
if ! command -v openssl >/dev/null; then
    echo "make-secrets: openssl is needed" >&2
    exit 1
fi
if [ -d "$dir/app/secrets" ] && [ -d "$dir/services/secrets" ]; then
    echo "make-secrets: $dir/app/secrets and $dir/services/secrets are there already; left as they are" >&2
    exit 0
fi
if [ -e "$dir/app/secrets" ] || [ -e "$dir/services/secrets" ]; then
    echo "make-secrets: only one of $dir/app/secrets and $dir/services/secrets is there;" \
        "bring the other back, or remove it to make a new set" >&2
    exit 1
fi

# Both folders are filled aside and then renamed, so that an interrupted run leaves nothing behind.
app=$(mktemp -d "$dir/app/.secrets.XXXXXX")
services=$(mktemp -d "$dir/services/.secrets.XXXXXX")
trap 'rm -rf "$app" "$services"' EXIT

random() {
    openssl rand -hex "$1"
}

printf '%s' "$(random 32)" >"$app/token"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$app/signing.pem" 2>/dev/null
openssl pkey -in "$app/signing.pem" -pubout -out "$app/verification.pem"

postgres_password=$(random 24)
key_id=$(random 8)
secret=$(random 24)
printf '%s' "$postgres_password" >"$services/postgres-password"
printf '%s' "$(random 8)" >"$services/minio-root-user"
printf '%s' "$(random 24)" >"$services/minio-root-password"
printf '%s' "$key_id" >"$services/minio-client-key-id"
printf '%s' "$secret" >"$services/minio-client-secret"
cat >"$services/clickleaf.toml" <<TOML
database_url = "postgres://clickleaf:$postgres_password@clickleaf-postgres:5432/clickleaf"
s3_access_key_id = "$key_id"
s3_secret_access_key = "$secret"
TOML

fingerprint=$(openssl pkey -pubin -in "$app/verification.pem" -outform DER | openssl dgst -sha256 -r)
mv "$app" "$dir/app/secrets"
mv "$services" "$dir/services/secrets"
trap - EXIT

echo "make-secrets: wrote $dir/app/secrets and $dir/services/secrets"
echo "make-secrets: signing key fingerprint (SHA-256 of the public key's DER): ${fingerprint%% *}"
