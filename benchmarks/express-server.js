// What people write by hand: Express, the secrets as an object in memory, a bearer check, and res.json.
// Usage: node express-server.js PORT BODY_FILE TOKEN

import { timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import express from "express";

const [, , port, bodyFile = "", token] = process.argv;
/** @type {Record<string, string>} */
const secrets = JSON.parse(readFileSync(bodyFile, "utf8"));
const expected = Buffer.from(`Bearer ${token}`);

const app = express();

app.use((request, response, next) => {
	const given = Buffer.from(request.get("authorization") ?? "");
	if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
		response.status(401).json({ error: "unauthorized" });
		return;
	}
	response.set("Cache-Control", "no-store");
	next();
});

app.get("/v1/secrets", (_, response) => {
	response.json(secrets);
});

app.get("/v1/secrets/:key", ({ params }, response) => {
	const value = secrets[params.key];
	if (value === undefined) response.status(404).json({ error: "not found" });
	else response.json({ value });
});

app.listen(Number(port), "127.0.0.1");
