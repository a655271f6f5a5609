#!/bin/bash
# Run once by the postgres image, on an empty data folder. The application's role owns its database and is no superuser.
set -euo pipefail
# By standard input: a password among the arguments would show in the list of processes.
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
\getenv password CONCORDAT_PASSWORD
CREATE ROLE concordat LOGIN PASSWORD :'password';
CREATE DATABASE concordat OWNER concordat;
SQL
