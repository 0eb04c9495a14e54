#!/bin/sh
# A hook of `cmscc agent`: sends the document of a notice by mail. The address is the argument that the agent's file
# gives: exec = ["hooks/mail.sh", "fabric-admins@example.com"].
set -eu
{
  printf 'To: %s\n' "$1"
  # the kind is one of a few words, the channel's name has no line ends
  printf 'Subject: cmscc: %s on %s\n' "$CMSCC_EVENT" "$CMSCC_CHANNEL"
  printf 'Message-ID: <%s@cmscc>\n' "$CMSCC_ID"
  printf 'Content-Type: text/plain; charset=utf-8\n\n'
  jq -r '.text, "", (if .next then "next: " + .next else empty end), (if .proposal then "digest: " + .proposal.config_update_sha256 else empty end)'
} | "${SENDMAIL:-/usr/sbin/sendmail}" -i -t
