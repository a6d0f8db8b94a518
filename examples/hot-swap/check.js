// Rotates the password under a server that is being asked all the time; no request may fail.
// CLEF_AGENT is how clef-agent is called here, such as `node dist/clef-agent.js`.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const [program = "clef-agent", ...before] = (process.env.CLEF_AGENT ?? "clef-agent").split(" ");
const folder = mkdtempSync(join(tmpdir(), "clef-hot-swap-"));
const file = (/** @type {string} */ name) => join(folder, name);
/** @type {import("node:child_process").ChildProcess[]} */
const children = [];
try {
	await check();
} finally {
	for (const child of children) child.kill("SIGKILL");
	rmSync(folder, { recursive: true });
}

async function check() {
	clef(["keygen", "-o", file("age.key")]);
	pack("first-password");
	const database = await startDatabase("first-password");
	const [agentPort, port] = [await freePort(), await freePort()];
	const token = "an-example-token-of-some-length";
	start(program, before, {
		CLEF_AGENT_SOURCE: file("artifact.json"),
		CLEF_AGENT_AGE_KEY_FILE: file("age.key"),
		CLEF_AGENT_TOKEN: token,
		CLEF_AGENT_PORT: String(agentPort),
		CLEF_AGENT_LOG_LEVEL: "error",
	});
	const server = start(process.execPath, [fileURLToPath(new URL("server.js", import.meta.url))], {
		CLEF_AGENT_TOKEN: token,
		CLEF_AGENT_PORT: String(agentPort),
		DB_PORT: String(database.port),
		PORT: String(port),
	});
	const swapped = once(createInterface({ input: server.stdout }), "line");
	while ((await answer(port)) === undefined);
	// For a time the database knows both, as databases do when a password is rotated without an outage.
	database.passwords.add("second-password");
	pack("second-password");
	let isSwapped = false;
	void swapped.then(() => {
		isSwapped = true;
	});
	while (!isSwapped) await mustAnswer(port);
	database.passwords.delete("first-password");
	await mustAnswer(port);
	if (database.logins.at(-1) !== "second-password") throw new TypeError("The new password was not used.");
	const [line] = await swapped;
	console.log(line);
}

/** @param {string} password */
function pack(password) {
	const recipient = /age1[a-z0-9]+/.exec(readFileSync(file("age.key"), "utf8"))?.[0] ?? "";
	const names = ["--identity", "web", "--environment", "production", "--recipient", recipient];
	clef(["pack", ...names, "-o", file("artifact.json")], JSON.stringify({ DB_PASSWORD: password }));
}

/** @param {readonly string[]} args @param {string} [input] */
function clef(args, input = "") {
	const { status, stderr } = spawnSync(program, [...before, ...args], { input, encoding: "utf8" });
	if (status !== 0) throw new TypeError(`clef-agent ${args[0]} failed: ${stderr}`);
}

/** @param {string} command @param {readonly string[]} args @param {Record<string, string>} env */
function start(command, args, env) {
	const child = spawn(command, args, {
		env: { PATH: process.env.PATH, ...env },
		stdio: ["ignore", "pipe", "inherit"],
	});
	children.push(child);
	return child;
}

/** A database that knows some passwords, and answers every question of whoever logged in. @param {string} password */
async function startDatabase(password) {
	const passwords = new Set([password]);
	/** @type {string[]} */
	const logins = [];
	const server = createServer((socket) => {
		let isWelcome = false;
		createInterface({ input: socket }).on("line", (line) => {
			if (!isWelcome) {
				isWelcome = passwords.has(line);
				if (isWelcome) logins.push(line);
			}
			socket.write(isWelcome ? (line === logins.at(-1) ? "welcome\n" : `it is ${line}\n`) : "go away\n");
		});
		socket.on("error", () => socket.destroy());
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	server.unref();
	return { port: portOf(server), passwords, logins };
}

/** @param {import("node:net").Server} server */
function portOf(server) {
	const address = server.address();
	return typeof address === "object" && address !== null ? address.port : 0;
}

async function freePort() {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const port = portOf(server);
	server.close();
	await once(server, "close");
	return port;
}

/** @param {number} port */
async function answer(port) {
	const response = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined);
	return response === undefined ? undefined : `${response.status} ${await response.text()}`;
}

/** @param {number} port */
async function mustAnswer(port) {
	const answered = await answer(port);
	if (answered !== "200 it is now\n") throw new TypeError(`A request failed: ${answered}`);
}
