// Shows the built command at work: makes keys, packs demo secrets, serves them, and says what to try.
// Usage: npm start (Ctrl-C stops it; nothing is left behind).

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.js";
import { root } from "./run.js";

const DEFAULT_PORT = 7779;
const READY_WITHIN_MS = 10_000;
const SECRETS = {
	database: { DB_HOST: "db.internal", DB_PASSWORD: "correct horse battery staple" },
	payments: { API_KEY: "demo-key" },
};

const command = join(root, "apps", "agent", "dist", "clef-agent.js");
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stopping.abort());
stopWithParent();

if (!existsSync(command)) {
	fail("The command is not built yet: npm start builds it and then runs this.");
}
const folder = mkdtempSync(join(tmpdir(), "clef-agent-demo-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.exitCode = await demo();

/** @returns {Promise<number>} exit status */
async function demo() {
	const { artifact, verifyKey, packCommand } = packDemo();
	const port = await choosePort();
	const token = randomBytes(32).toString("base64url");
	const agent = spawn(process.execPath, [command], {
		stdio: ["ignore", "inherit", "inherit"],
		env: {
			...withoutAgentVariables(process.env),
			CLEF_AGENT_SOURCE: artifact,
			CLEF_AGENT_AGE_KEY_FILE: join(folder, "age.key"),
			CLEF_AGENT_VERIFY_KEY: verifyKey,
			CLEF_AGENT_TOKEN: token,
			CLEF_AGENT_PORT: String(port),
			CLEF_AGENT_LOG_FORMAT: "text",
		},
	});
	/** @type {Promise<number>} */
	const ended = new Promise((resolve) => {
		agent.on("exit", (status) => resolve(status ?? 1));
	});
	stopping.signal.addEventListener("abort", () => agent.kill("SIGTERM"));
	if (stopping.signal.aborted) agent.kill("SIGTERM");

	const ready = await Promise.race([becomesReady(port), ended.then(() => false)]);
	if (ready && !stopping.signal.aborted) explain({ port, token, artifact, packCommand });
	else agent.kill("SIGTERM");
	const status = await ended;
	return stopping.signal.aborted || !ready ? status : Math.max(status, 1);
}

/** Makes keys and a signed artifact in the demo's folder, with the command itself. */
function packDemo() {
	clefAgent(["keygen", "-o", join(folder, "age.key")]);
	const recipient = /age1[0-9a-z]+/.exec(readFileSync(join(folder, "age.key"), "utf8"))?.[0] ?? "";
	const { stderr } = clefAgent(["keygen", "--signing", "-o", join(folder, "sign.key")]);
	const verifyKey = stderr.trim().replace("CLEF_AGENT_VERIFY_KEY=", "");
	const artifact = join(folder, "demo.age.json");
	const subject = ["--identity", "demo", "--environment", "local", "--recipient", recipient];
	const pack = ["pack", ...subject, "--sign-key", join(folder, "sign.key"), "-o", artifact];
	const secretsFile = join(folder, "secrets.json");
	writeFileSync(secretsFile, JSON.stringify(SECRETS), { mode: 0o600 });
	clefAgent([...pack, secretsFile]);
	rmSync(secretsFile);
	return { artifact, verifyKey, packCommand: commandLine(pack) };
}

/** @param {readonly string[]} args */
function clefAgent(args) {
	const result = spawnSync(process.execPath, [command, ...args], {
		encoding: "utf8",
		env: withoutAgentVariables(process.env),
	});
	if (result.status !== 0) fail(`clef-agent ${args[0]} failed: ${result.stderr}`);
	return result;
}

/** @param {readonly string[]} args */
function commandLine(args) {
	return ["node", relative(process.cwd(), command), ...args].join(" ");
}

/**
 * What someone has set for an agent of their own must not leak into the demo.
 * @param {NodeJS.ProcessEnv} env
 */
function withoutAgentVariables(env) {
	return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("CLEF_AGENT_")));
}

async function choosePort() {
	const { CLEF_AGENT_PORT: wanted } = process.env;
	if (wanted !== undefined && wanted !== "") return Number(wanted);
	if (await isFree(DEFAULT_PORT)) return DEFAULT_PORT;
	const port = await freePort();
	console.log(`Port ${DEFAULT_PORT} is taken, so this demo uses ${port}.`);
	return port;
}

/** @param {number} port */
function isFree(port) {
	return freePort(port).then(
		() => true,
		() => false,
	);
}

/** @param {number} port */
async function becomesReady(port) {
	const deadline = Date.now() + READY_WITHIN_MS;
	while (Date.now() < deadline && !stopping.signal.aborted) {
		const status = await fetch(`http://127.0.0.1:${port}/v1/ready`).then(
			(response) => response.status,
			() => 0,
		);
		if (status === 200) return true;
		await sleep(50);
	}
	return false;
}

/** @param {{ port: number, token: string, artifact: string, packCommand: string }} started */
function explain({ port, token, artifact, packCommand }) {
	const url = `http://127.0.0.1:${port}`;
	const curl = `curl -s -H "Authorization: Bearer ${token}"`;
	console.log(`
clef-agent serves demo secrets on ${url}. In another terminal:

  ${curl} ${url}/v1/secrets

Then try

  one value, bare
    ${curl} -H "Accept: text/plain" ${url}/v1/secrets/DB_PASSWORD

  damage the artifact: the agent says why it refuses it, and keeps serving what it has
    echo damaged > ${artifact}

  rotate: pack another value, and the agent serves it within a second
    echo '{"database":{"DB_PASSWORD":"rotated"}}' | ${packCommand}

  the kill switch: secrets are wiped, and only an artifact packed later is accepted
    ${commandLine(["revoke", artifact])}

  the same things in your own hands
    ${commandLine(["--help"])}

Ctrl-C stops it and removes ${folder}.
`);
}

/** npm runs this through a shell that does not pass signals on: when the shell goes, so does the demo. */
function stopWithParent() {
	const parent = process.ppid;
	setInterval(() => {
		if (process.ppid !== parent) stopping.abort();
	}, 500).unref();
}

/**
 * @param {string} sentence
 * @returns {never}
 */
function fail(sentence) {
	console.error(sentence);
	process.exit(1);
}
