// An agent's life in under a minute, for the picture of the dashboard: rotations, an outage that outlasts the TTL, a
// recovery, a KMS that refuses, an artifact from yesterday. The agent is the built command; its source and its KMS
// are stand-ins on 127.0.0.1.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.js";
import { root } from "../run.js";

const COMMAND = join(root, "apps", "agent", "dist", "clef-agent.js");
const KEY = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000";
/** Short, so that the outage outlasts it; the agent asks its source every second then. */
const TTL_SECONDS = "8";
const REQUEST_EVERY_MS = 40;
/** Every so many requests one has a wrong token. */
const ODD_ONE_OUT = 61;
const LEAD_IN_MS = 2_000;

/** @typedef {{ at: number, what: string }} Moment */

/** One agent, and everything around it that can go wrong. */
export class ObservedLife {
	token = randomBytes(24).toString("base64url");
	port = 0;
	#folder;
	/** @type {Record<string, string>} */
	#environment = {};
	/** @type {import("node:http").Server[]} */
	#servers = [];
	/** @type {import("node:child_process").ChildProcess | undefined} */
	#agent;
	#artifact = "";
	#isAway = false;
	#denies = false;
	#isOver = false;

	/** @param {string} folder */
	constructor(folder) {
		this.#folder = folder;
	}

	/** @param {string} folder */
	static async start(folder) {
		mkdirSync(folder, { recursive: true });
		const life = new ObservedLife(folder);
		const source = await life.#serve((_, response) => life.#deliver(response));
		const kms = await life.#serve(async (request, response) => life.#unwrap(request, response));
		life.port = await freePort();
		life.#environment = {
			PATH: process.env.PATH ?? "",
			AWS_ENDPOINT_URL_KMS: kms,
			AWS_REGION: "eu-central-1",
			AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
			AWS_SECRET_ACCESS_KEY: "example",
			AWS_EC2_METADATA_DISABLED: "true",
		};
		const { stderr } = await life.#command("keygen", "--signing", "-o", life.#file("sign.key"));
		await life.#publish(1);
		life.#agent = spawn(process.execPath, [COMMAND], {
			stdio: ["ignore", "ignore", "inherit"],
			env: {
				...life.#environment,
				CLEF_AGENT_SOURCE: source,
				CLEF_AGENT_VERIFY_KEY: stderr.trim().replace("CLEF_AGENT_VERIFY_KEY=", ""),
				CLEF_AGENT_TOKEN: life.token,
				CLEF_AGENT_PORT: String(life.port),
				CLEF_AGENT_CACHE_TTL: TTL_SECONDS,
				CLEF_AGENT_METRICS: "prometheus",
				CLEF_AGENT_LOG_LEVEL: "error",
			},
		});
		return life;
	}

	/** @returns {Promise<{ start: number, end: number, moments: Moment[] }>} in epoch seconds */
	async run() {
		const asking = this.#askAllTheTime();
		await sleep(LEAD_IN_MS + 5_000);
		const start = Date.now() / 1000;
		/** @type {Moment[]} */
		const moments = [];
		for (const [afterSeconds, what, happen] of this.#story()) {
			await sleep(start * 1000 + afterSeconds * 1000 - Date.now());
			await happen();
			if (what !== "") moments.push({ at: Date.now() / 1000, what });
		}
		const end = Date.now() / 1000;
		this.#isOver = true;
		await asking;
		return { start, end, moments };
	}

	async stop() {
		this.#isOver = true;
		if (this.#agent !== undefined) {
			this.#agent.kill("SIGKILL");
			await once(this.#agent, "exit");
		}
		for (const server of this.#servers) {
			server.closeAllConnections();
			server.close();
		}
	}

	/** @returns {[afterSeconds: number, what: string, happen: () => unknown][]} */
	#story() {
		return [
			[4, "a rotation", () => this.#publish(2)],
			[
				10,
				"the source goes away",
				() => {
					this.#isAway = true;
				},
			],
			[
				30,
				"it comes back",
				async () => {
					await this.#publish(3);
					this.#isAway = false;
				},
			],
			[
				36,
				"the KMS refuses a new artifact",
				async () => {
					this.#denies = true;
					await this.#publish(4);
				},
			],
			[
				40,
				"it allows it again",
				() => {
					this.#denies = false;
				},
			],
			[
				46,
				"somebody restores an old artifact",
				() => {
					this.#artifact = readFileSync(this.#file("1.json"), "utf8");
				},
			],
			[51, "a new one is published", () => this.#publish(5)],
			[58, "", () => undefined],
		];
	}

	/** @param {number} revision */
	async #publish(revision) {
		const subject = ["--identity", "demo", "--environment", "local", "--kms", `aws:${KEY}`];
		const secrets = this.#file("secrets.json");
		writeFileSync(secrets, JSON.stringify({ database: { DB_PASSWORD: `revision ${revision}` } }));
		const output = this.#file(`${revision}.json`);
		const signed = ["--sign-key", this.#file("sign.key"), "--ttl", "30d", "-o", output];
		// Not yet refused: the same stand-in wraps and unwraps.
		const denies = this.#denies;
		this.#denies = false;
		await this.#command("pack", ...subject, ...signed, secrets);
		this.#denies = denies;
		this.#artifact = readFileSync(output, "utf8");
	}

	async #askAllTheTime() {
		const paths = ["/v1/secrets", "/v1/secrets/DB_PASSWORD", "/v1/secrets", "/v1/ready"];
		for (let count = 0; !this.#isOver; count += 1) {
			const isOdd = count % ODD_ONE_OUT === ODD_ONE_OUT - 1;
			const token = isOdd ? "wrong" : this.token;
			await fetch(`http://127.0.0.1:${this.port}${paths[count % paths.length]}`, {
				headers: { authorization: `Bearer ${token}` },
			}).then(
				(response) => response.arrayBuffer(),
				() => undefined,
			);
			await sleep(REQUEST_EVERY_MS);
		}
	}

	/** @param {import("node:http").ServerResponse} response */
	#deliver(response) {
		if (this.#isAway) response.writeHead(503).end();
		else response.writeHead(200, { "content-type": "application/json" }).end(this.#artifact);
	}

	/**
	 * Answers as AWS KMS would, after as long; it hides nothing, and nothing here is worth hiding.
	 * @param {import("node:http").IncomingMessage} request
	 * @param {import("node:http").ServerResponse} response
	 */
	async #unwrap(request, response) {
		const { CiphertextBlob, Plaintext } = JSON.parse(await text(request));
		await sleep(10 + 20 * Math.random());
		const type = { "content-type": "application/x-amz-json-1.1" };
		const refusal = { __type: "AccessDeniedException", message: "not now" };
		if (this.#denies) response.writeHead(400, type).end(JSON.stringify(refusal));
		else
			response.writeHead(200, type).end(
				JSON.stringify({
					KeyId: KEY,
					EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
					CiphertextBlob: Plaintext,
					Plaintext: CiphertextBlob,
				}),
			);
	}

	/** @param {import("node:http").RequestListener} listener */
	async #serve(listener) {
		const server = createServer(listener);
		this.#servers.push(server);
		return `http://127.0.0.1:${await listening(server)}`;
	}

	/** @param {readonly string[]} args */
	async #command(...args) {
		const child = spawn(process.execPath, [COMMAND, ...args], { env: this.#environment });
		const stderr = await text(child.stderr);
		if (child.exitCode !== 0 && (await once(child, "exit"))[0] !== 0)
			throw new RangeError(`clef-agent ${args[0]} failed: ${stderr}`);
		return { stderr };
	}

	/** @param {string} name */
	#file(name) {
		return join(this.#folder, name);
	}
}

/** @param {import("node:http").Server} server */
async function listening(server) {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	return typeof address === "object" && address !== null ? address.port : 0;
}
