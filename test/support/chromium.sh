#!/bin/sh
# A browser that plays is heard in real time, as other programs here are not: where it may, it comes before them.
exec nice -n -10 "${CHROMIUM:-/usr/bin/chromium}" "$@"
