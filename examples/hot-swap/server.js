// A web server whose database password changes while it runs. Usage: node server.js; PORT and DB_PORT say where.

import { createServer } from "node:http";
import { createClient } from "@clef-sh/client";
import { openConnection } from "./connection.js";

const clef = createClient();
const stopping = new AbortController();
let database = await openConnection(Number(process.env.DB_PORT), await clef.get("DB_PASSWORD"));

const server = createServer(async (_, response) => {
	try {
		response.end(`${await database.ask("now")}\n`);
	} catch (error) {
		response.writeHead(502).end(`${error instanceof Error ? error.message : "failed"}\n`);
	}
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.once("SIGTERM", () => {
	stopping.abort();
	server.close();
	database.end();
});

await clef.watch(
	async ({ changed }) => {
		if (!changed.includes("DB_PASSWORD")) return;
		// The new connection first: requests go on over the old one until there is another.
		const next = await openConnection(Number(process.env.DB_PORT), await clef.get("DB_PASSWORD"));
		const before = database;
		database = next;
		before.end();
		console.log("the database has a new password, and no request has failed");
	},
	{ signal: stopping.signal },
);
