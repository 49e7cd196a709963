#!/bin/sh
# Run once by the database's own image, when its data folder is empty: the roles, their passwords, the database.
set -eu
psql -v ON_ERROR_STOP=1 --username postgres --file /portal/roles.sql
psql -v ON_ERROR_STOP=1 --username postgres \
    -v owner="$(cat /run/secrets/owner_password)" -v app="$(cat /run/secrets/app_password)" \
    -v worker="$(cat /run/secrets/worker_password)" <<'SQL'
alter role portal_owner password :'owner';
alter role portal_app password :'app';
alter role portal_worker password :'worker';
create database portal owner portal_owner;
\connect portal
alter schema public owner to portal_owner;
revoke create on schema public from public;
SQL
