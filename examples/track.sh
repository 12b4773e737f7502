#!/bin/sh
# For any CI: measures, adds to the history, and ends with 1 when a metric got
# worse, with 2 when it could not measure. CORECAST_HISTORY names the history:
# a file that the CI keeps from one job to the next, or postgres://….
set -eu
: "${CORECAST_HISTORY:?name the history, such as /var/lib/ci/corecast.db}"
exec "${CORECAST:-corecast}" track --measure --confirm "${CONFIRM:-4}" --output "${TRENDS:-trends}" "$@"
