#!/bin/sh
# A hook of `cmscc agent`: posts the line of a notice to a chat that takes incoming webhooks with a JSON body
# {"text": ".."}, as most do. The URL is a secret: it stands in the file chat.curl beside this one, readable for the agent
# alone, as a line url = "https://..".
set -eu
# what members wrote goes into JSON by jq, never into a command
jq '{text: (.channel + ": " + .text + (if .next then "  ->  " + .next else "" end))}' |
  curl --config "$(dirname "$0")/chat.curl" --fail --silent --show-error --max-time 20 --header "Content-Type: application/json" --data-binary @-
