// A web server with an agent inside it: no sidecar, no HTTP API, no token.
// Usage: node server.js ARTIFACT AGE_KEY_FILE VERIFY_KEY; PORT says where.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createAgent } from "@clef-sh/core";

const [, , path = "", keyFile = "", verifyKeys = ""] = process.argv;

const agent = await createAgent({
	source: { kind: "file", path },
	decryptor: { ageIdentities: () => readFile(keyFile, "utf8") },
	verifyKeys,
});

const server = createServer((_, response) => {
	// Asked for anew each time: a value that is kept does not follow a rotation, a revocation or an expiry.
	const found = agent.secrets().find("DB_URL");
	response.end(found.status === "found" ? `connecting to ${new URL(found.value).host}\n` : "no DB_URL\n");
});
server.listen(Number(process.env.PORT), "127.0.0.1");

process.once("SIGTERM", async () => {
	server.close();
	await agent.close();
});
