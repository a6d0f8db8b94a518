// The bare floor: a node:http server that writes the agent's bytes and headers and does nothing else.
// Usage: node floor.js PORT BODY_FILE

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [, , port, bodyFile = ""] = process.argv;
const body = readFileSync(bodyFile);
const headers = {
	"Content-Type": "application/json",
	"Content-Length": body.length,
	"Cache-Control": "no-store",
	"X-Content-Type-Options": "nosniff",
	ETag: '"1795321703842-a0c7dd1c"',
};

createServer((_, response) => response.writeHead(200, headers).end(body)).listen(Number(port), "127.0.0.1");
