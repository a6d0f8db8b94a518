// A server under measurement: started on a free port, asked what it takes of the machine, stopped.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
// @boundaries-ignore ports are found in one way everywhere
import { freePort } from "../../scripts/free-port.js";

/** Of the accounting in /proc, on every Linux that Node runs on. */
const TICK_MS = 10;
const RETRY_MS = 1;
const START_LIMIT_MS = 20_000;

/**
 * @typedef {object} Variant
 * @property {string} name as figures call it
 * @property {(port: number) => { command: string, args: readonly string[], env?: Record<string, string> }} program
 * @property {string} readyPath answered as soon as it serves
 * @property {number} readyStatus with this status
 */

/** A running variant. */
export class Server {
	/** @param {import("node:child_process").ChildProcess} child @param {number} port @param {number} startMs */
	constructor(child, port, startMs) {
		this.child = child;
		this.port = port;
		/** From just before exec to the first answer that it is ready. */
		this.startMs = startMs;
	}

	/** @param {Variant} variant */
	static async start({ name, program, readyPath, readyStatus }) {
		const port = await freePort();
		const { command, args, env = {} } = program(port);
		const began = performance.now();
		const child = spawn(command, args, { stdio: "ignore", env: { PATH: process.env.PATH, ...env } });
		while ((await statusOf(port, readyPath)) !== readyStatus) {
			if (child.exitCode !== null || performance.now() - began > START_LIMIT_MS)
				throw new TypeError(`${name} does not start; exit code ${child.exitCode}`);
			await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
		}
		return new Server(child, port, performance.now() - began);
	}

	/** @param {string} path */
	url(path) {
		return `http://127.0.0.1:${this.port}${path}`;
	}

	/** User and system time of all its threads so far. */
	cpuMs() {
		// The name, in parentheses, may hold anything; what follows it is numbered from field 3 in proc(5).
		const after = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
		return (Number(after[14 - 3]) + Number(after[15 - 3])) * TICK_MS;
	}

	/** VmRSS. */
	residentKiB() {
		const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
		return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
	}

	/** Nothing where it has ended by itself. */
	async stop() {
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		const gone = once(this.child, "exit");
		this.child.kill("SIGTERM");
		await gone;
	}
}

/**
 * Runs something on a fresh process of a variant, which ends whatever happens.
 * @template T
 * @param {Variant} variant
 * @param {(server: Server) => T | Promise<T>} work
 */
export async function withServer(variant, work) {
	const server = await Server.start(variant);
	try {
		return await work(server);
	} finally {
		await server.stop();
	}
}

/** Whether this system tells processor time and memory of a process. */
export function hasProc() {
	return process.platform === "linux" && readdirSync("/proc").includes("self");
}

/**
 * Undefined where nothing listens yet. The cheapest client there is, since it takes time from what it waits for.
 * @param {number} port
 * @param {string} path
 * @returns {Promise<number | undefined>}
 */
function statusOf(port, path) {
	return new Promise((resolve) => {
		const request = get({ port, path, host: "127.0.0.1", agent: false }, (response) => {
			response.resume();
			resolve(response.statusCode);
		});
		request.once("error", () => resolve(undefined));
	});
}
