select count(*) from api_tokens
