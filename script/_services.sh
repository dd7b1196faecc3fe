# shellcheck shell=bash
# Sourced by script/test and .ci/run: a PostgreSQL and a Redis of our own, for the tests alone.
#
# Both live in a temporary folder, PostgreSQL on a private socket without durability, Redis on a
# free port; the caller traps EXIT to stop_services, which ends both. PostgreSQL refuses to run as root: then it runs as `postgres`.

SERVICES=""

postgres_folder() { # the newest installed server's programs
    # shellcheck disable=SC2012
    ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1
}

services_available() { # postgres | redis
    case $1 in
    postgres) [ -n "$(postgres_folder)" ] && { [ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1; } ;;
    redis) command -v redis-server >/dev/null ;;
    esac
}

as_postgres() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

services_folder() {
    [ -z "$SERVICES" ] || return 0
    SERVICES=$(mktemp -d /tmp/spbe-test.XXXXXX)
    chmod 755 "$SERVICES"
}

start_postgres() { # sets DATABASE_URL
    services_folder
    local bin
    bin=$(postgres_folder)
    mkdir "$SERVICES/pg"
    [ "$(id -u)" != 0 ] || chown postgres "$SERVICES/pg"
    as_postgres "$bin/initdb" -D "$SERVICES/pg/data" -U spbe -A trust -E UTF8 --locale C.UTF-8 --no-sync >/dev/null &&
        as_postgres "$bin/pg_ctl" -D "$SERVICES/pg/data" -w -s -l "$SERVICES/pg/log" start -o \
            "-c listen_addresses='' -c unix_socket_directories=$SERVICES/pg -c fsync=off -c full_page_writes=off \
             -c synchronous_commit=off -c max_connections=60 -c autovacuum=off -c jit=off \
             -c checkpoint_timeout=1h -c max_wal_size=4GB -c shared_buffers=256MB" &&
        as_postgres "$bin/createdb" -h "$SERVICES/pg" -U spbe spbe || return 1
    export DATABASE_URL="postgres://spbe@/spbe?host=$SERVICES/pg"
}

start_redis() { # sets REDIS_URL
    services_folder
    local port
    port=$("$VENV/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$SERVICES" \
        --daemonize yes --pidfile "$SERVICES/redis.pid" --logfile "$SERVICES/redis.log" >/dev/null || return 1
    export REDIS_URL="redis://127.0.0.1:$port/0"
    local tries=0
    until redis-cli -p "$port" ping >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 50 ] || return 1
        sleep 0.1
    done
}

stop_services() {
    [ -n "$SERVICES" ] || return 0
    [ ! -e "$SERVICES/pg/data/postmaster.pid" ] ||
        as_postgres "$(postgres_folder)/pg_ctl" -D "$SERVICES/pg/data" -m immediate -w -s stop || true
    [ ! -e "$SERVICES/redis.pid" ] || kill "$(cat "$SERVICES/redis.pid")" 2>/dev/null || true
    rm -rf "$SERVICES"
    SERVICES=""
}
