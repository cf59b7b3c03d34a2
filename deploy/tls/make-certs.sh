#!/usr/bin/env bash
# Makes certificates to try TLS with: an authority, and signed by it one
# certificate for each name. A directory that has an authority keeps it, so that
# a second run renews the certificates and what trusts it goes on doing so.
#
#   deploy/tls/make-certs.sh DIRECTORY [--expired] [NAME...]
#
#   --expired   they were valid until yesterday
#   NAME        edge, aggregator, user, order, product and client where none is
#               given
#
#   DIRECTORY/authority/ca.key      keep it to yourself
#   DIRECTORY/NAME/ca.crt           the authority's certificate
#   DIRECTORY/NAME/tls.crt          for the names NAME and localhost, and for
#                                   127.0.0.1 and ::1; servers and clients alike
#   DIRECTORY/NAME/tls.key
#
# For tests and trials: the authority's key lies in the open, and nothing is
# ever revoked.
set -euo pipefail

days=30
expired=0
directory=
names=()
for argument; do
  case $argument in
    -h | --help)
      sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"
      exit
      ;;
    --expired) expired=1 ;;
    -*)
      echo "make-certs: unknown option $argument" >&2
      exit 2
      ;;
    *) if [[ -z $directory ]]; then directory=$argument; else names+=("$argument"); fi ;;
  esac
done
[[ -n $directory ]] || {
  echo "usage: deploy/tls/make-certs.sh DIRECTORY [--expired] [NAME...]" >&2
  exit 2
}
((${#names[@]})) || names=(edge aggregator user order product client)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
authority=$directory/authority

# quietly COMMAND...: what it prints is shown only if it fails.
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    return 1
  }
}

# date_of DAYS: that many days from now, as openssl wants it.
date_of() {
  date -u -d "$1 days" +%Y%m%d%H%M%SZ
}

# Sets validity, the options for a certificate's. OpenSSL from 3.4 on refuses one
# that ends before it begins, and has options for both; older ones have neither.
set_validity() {
  validity=(-days "$days")
  ((expired)) || return 0
  if openssl x509 -help 2>&1 | grep -q -- '-not_after'; then
    validity=(-not_before "$(date_of -2)" -not_after "$(date_of -1)")
  else
    validity=(-days -1)
  fi
}

new_key() {
  quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -out "$1"
}

make_authority() {
  mkdir -p "$authority"
  new_key "$authority/ca.key"
  quietly openssl req -x509 -new -key "$authority/ca.key" -days 3650 \
    -subj "/CN=Gather test authority" -out "$authority/ca.crt" \
    -addext "keyUsage=critical,keyCertSign,cRLSign"
}

# Made aside, and put in place file by file: a server that reads them meanwhile
# has to cope with that anyway.
make_certificate() {
  local name=$1 file
  new_key "$work/tls.key"
  quietly openssl req -new -key "$work/tls.key" -subj "/CN=$name" \
    -out "$work/tls.csr"
  printf '%s\n' "subjectAltName=DNS:$name,DNS:localhost,IP:127.0.0.1,IP:::1" \
    "basicConstraints=critical,CA:FALSE" \
    "keyUsage=critical,digitalSignature" \
    "extendedKeyUsage=serverAuth,clientAuth" >"$work/extensions"
  quietly openssl x509 -req -in "$work/tls.csr" "${validity[@]}" -sha256 \
    -CA "$authority/ca.crt" -CAkey "$authority/ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/extensions" \
    -out "$work/tls.crt"
  cp "$authority/ca.crt" "$work/ca.crt"
  mkdir -p "$directory/$name"
  for file in ca.crt tls.crt tls.key; do
    mv -f "$work/$file" "$directory/$name/$file.new"
    mv -f "$directory/$name/$file.new" "$directory/$name/$file"
  done
}

[[ -s $authority/ca.key && -s $authority/ca.crt ]] || make_authority
set_validity
for name in "${names[@]}"; do make_certificate "$name"; done
