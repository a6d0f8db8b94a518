#!/bin/sh
# Lambda starts every executable file in a layer's extensions/ folder; this is that file for clef-agent.
# It uses nothing but the shell: a function's image may bring little else.

case $0 in
*/*) layer=${0%/*}/.. ;;
*) layer=.. ;;
esac
agent=$layer/clef-agent

# The function's NODE_OPTIONS (say, --require ./instrumentation) are not meant for this process, which holds the
# secrets: they would load the function's code into it, or keep it from starting. Nor is what else makes a Node print
# what it sends and receives, write files, or believe any certificate.
unset NODE_OPTIONS NODE_DEBUG NODE_DEBUG_NATIVE NODE_COMPILE_CACHE NODE_V8_COVERAGE NODE_TLS_REJECT_UNAUTHORIZED \
	NODE_REDIRECT_WARNINGS NODE_REPL_EXTERNAL_MODULE NODE_USE_ENV_PROXY

# Lambda registers an extension under its file name, so whoever renames this file need not change anything else.
name=${0##*/}

if [ -x "$agent/clef-agent" ]; then
	exec "$agent/clef-agent" lambda --name "$name"
fi
if command -v node >/dev/null 2>&1; then
	exec node "$agent/dist/clef-agent.js" lambda --name "$name"
fi
now=$(date -u +%Y-%m-%dT%H:%M:%SZ 2>/dev/null)
echo '{"timestamp":"'"$now"'","level":"ERROR","message":"This layer brings no Node.js and the function has none on its PATH; use the layer clef-agent-lambda-x64 or clef-agent-lambda-arm64, which bring it.","event":"lambda.failed","code":"LAMBDA_RUNTIME_MISSING"}' >&2
exit 1
