import { get } from "node:http";
import { resolve } from "node:path";
import { parseArguments } from "../arguments.js";
import { CommandError } from "../command-error.js";
import type { CommandIo } from "../command-io.js";

const DEFAULT_PORT = 7779;
const TIMEOUT_MS = 2_000;
/** Nobody is on the port, has made the socket's file, or is left that did. */
const NOBODY: ReadonlySet<string | undefined> = new Set(["ECONNREFUSED", "ENOENT"]);
const MAX_ANSWER_CHARACTERS = 4_096;
const READY = { path: "/v1/ready", yes: /"ready"\s*:\s*true/ };
const LIVE = { path: "/v1/health", yes: /"status"\s*:\s*"ok"/ };

/** `clef-agent health`: exit 0 when the agent on this machine is ready (with --live: alive), else 1 and why. */
export async function health(args: readonly string[], io: CommandIo): Promise<number> {
	const { values } = parseArguments("health", args, { options: { live: { type: "boolean" } } });
	const { path, yes } = values.live === true ? LIVE : READY;
	const place = placeOf(io);
	const answer = await ask(place, path);
	// Whatever else listens there may answer 200 to anything.
	if (answer.status === 200 && yes.test(answer.body)) return 0;
	io.stderr.write(`clef-agent: ${problem(answer, place)}\n`);
	return 1;
}

/** Where the agent listens. */
type Place = { readonly port: number } | { readonly socketPath: string };

function placeOf({ cwd, env }: CommandIo): Place {
	const { CLEF_AGENT_PORT: port, CLEF_AGENT_SOCKET: socket } = env;
	if (port !== "none") return { port: portOf(port) };
	if (socket) return { socketPath: resolve(cwd, socket) };
	throw new CommandError("CONFIG_INVALID", "CLEF_AGENT_PORT is none and CLEF_AGENT_SOCKET is not set", {
		hint: "set them as for the agent",
	});
}

function portOf(text: string | undefined): number {
	// A Kubernetes service named clef-agent injects an address under this name; the agent ignores it as well.
	if (text === undefined || text === "" || text.startsWith("tcp://")) return DEFAULT_PORT;
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	if (port < 1 || port > 65_535) {
		throw new CommandError("CONFIG_INVALID", "CLEF_AGENT_PORT must be a whole number from 1 to 65535");
	}
	return port;
}

type Answer =
	| { readonly status: number; readonly body: string }
	| { readonly status?: never; readonly failure: string };

/** An agent of its own and no proxy: container probes must not depend on what the environment says about proxies. */
function ask(place: Place, path: string): Promise<Answer> {
	return new Promise((resolve) => {
		const request = get({ host: "127.0.0.1", ...place, path, agent: false }, (response) => {
			let body = "";
			response.setEncoding("utf8");
			response.on("data", (chunk: string) => {
				body = (body + chunk).slice(0, MAX_ANSWER_CHARACTERS);
			});
			response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
			response.on("error", () => resolve({ failure: "its answer was cut short" }));
		});
		const timer = setTimeout(() => {
			resolve({ failure: `it did not answer within ${TIMEOUT_MS / 1_000} seconds` });
			request.destroy();
		}, TIMEOUT_MS);
		request.on("error", (error: Error & { code?: string }) => {
			resolve({
				failure: NOBODY.has(error.code) ? "nothing listens there" : (error.code ?? "it failed"),
			});
		});
		request.on("close", () => clearTimeout(timer));
	});
}

function problem(answer: Answer, place: Place): string {
	const isPort = "port" in place;
	const where = isPort ? `127.0.0.1:${place.port}` : place.socketPath;
	if (answer.status === undefined) {
		const variable = isPort ? "CLEF_AGENT_PORT" : "CLEF_AGENT_SOCKET";
		return `no agent on ${where}: ${answer.failure}; is it running, and on this ${variable}?`;
	}
	const reason = reasonIn(answer.body);
	return reason === undefined
		? `${where} answered ${answer.status}; is it a clef-agent?`
		: `not ready: ${reason}`;
}

function reasonIn(body: string): string | undefined {
	return /"reason"\s*:\s*"(\w+)"/.exec(body)?.[1];
}
