// The bare floor: a node:http server that writes the agent's bytes and headers and does nothing else.
// Usage: node floor.js PORT BODY_FILE [ETAG]

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [, , port, bodyFile = "", etag] = process.argv;
const body = readFileSync(bodyFile);
const headers = {
	"Cache-Control": "no-store",
	"X-Content-Type-Options": "nosniff",
	"Content-Type": "application/json",
	"Content-Length": body.length,
	...(etag !== undefined && { ETag: etag }),
};

// The agent's, since it shows in a header.
const keepAliveTimeout = 65_000;
createServer({ keepAliveTimeout }, (_, response) => response.writeHead(200, headers).end(body)).listen(
	Number(port),
	"127.0.0.1",
);
