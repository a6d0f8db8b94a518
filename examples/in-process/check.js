// Rotates the artifact under the server. CLEF_AGENT is how clef-agent is called here, such as `node dist/clef-agent.js`;
// only packing needs it.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [program = "clef-agent", ...before] = (process.env.CLEF_AGENT ?? "clef-agent").split(" ");
const folder = mkdtempSync(join(tmpdir(), "clef-in-process-"));
const file = (/** @type {string} */ name) => join(folder, name);
try {
	await check();
} finally {
	rmSync(folder, { recursive: true });
}

async function check() {
	clef(["keygen", "-o", file("age.key")]);
	const verifyKey = /CLEF_AGENT_VERIFY_KEY=(\S+)/.exec(
		clef(["keygen", "--signing", "-o", file("sign.pem")]),
	)?.[1];
	pack("first.example");
	const port = await freePort();
	const script = fileURLToPath(new URL("server.js", import.meta.url));
	const server = spawn(process.execPath, [script, file("artifact.json"), file("age.key"), verifyKey ?? ""], {
		env: { PATH: process.env.PATH, PORT: String(port) },
		stdio: "inherit",
	});
	const ended = once(server, "exit");
	try {
		await answers(port, "connecting to first.example\n");
		pack("second.example");
		await answers(port, "connecting to second.example\n");
		server.kill("SIGTERM");
		const [status] = await ended;
		if (status !== 0) throw new TypeError(`The server ended with ${status}.`);
	} finally {
		server.kill("SIGKILL");
	}
	console.log("the server has followed the rotation");
}

/** @param {string} host */
function pack(host) {
	const recipient = /age1[a-z0-9]+/.exec(readFileSync(file("age.key"), "utf8"))?.[0] ?? "";
	const names = ["--identity", "web", "--environment", "production", "--recipient", recipient];
	const signed = [...names, "--sign-key", file("sign.pem")];
	clef(
		["pack", ...signed, "-o", file("artifact.json")],
		JSON.stringify({ DB_URL: `postgres://app:pass@${host}/app` }),
	);
}

/** @param {readonly string[]} args @param {string} [input] */
function clef(args, input = "") {
	const { status, stderr } = spawnSync(program, [...before, ...args], { input, encoding: "utf8" });
	if (status !== 0) throw new TypeError(`clef-agent ${args[0]} failed: ${stderr}`);
	return stderr;
}

/** @param {number} port @param {string} expected */
async function answers(port, expected) {
	for (const giveUpAt = Date.now() + 20_000; ; ) {
		const response = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined);
		const text = await response?.text();
		if (text === expected) return;
		if (Date.now() > giveUpAt) throw new TypeError(`The server answers ${text}, not ${expected}`);
	}
}

async function freePort() {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	server.close();
	await once(server, "close");
	return typeof address === "object" && address !== null ? address.port : 0;
}
