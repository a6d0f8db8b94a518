import { ClientError } from "./client-error.js";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the client's time comes from. */
export interface ClientClock {
	/** Milliseconds since an arbitrary point; never goes back. */
	monotonic(): number;
	/** Runs `callback` once; the returned function cancels it. Only with `isHolding` may it keep the process alive. */
	setTimeout(callback: () => void, ms: number, isHolding: boolean): () => void;
}

/** What of Node's `process` is used; Bun and Deno have it, workers may not. */
interface ProcessLike {
	readonly env?: Environment;
	readonly getBuiltinModule?: (name: string) => unknown;
}

interface FilesLike {
	readonly readFile: (path: string, encoding: "utf8") => Promise<string>;
}

/** Runtimes turn longer delays into none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The runtime's own clock. */
export const systemClock: ClientClock = {
	monotonic: () => performance.now(),
	setTimeout(callback, ms, isHolding) {
		const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS));
		if (!isHolding) letGo(timer);
		return () => clearTimeout(timer);
	},
};

/** Reads one environment variable. */
export type ReadVariable = (name: string) => string | undefined;

/** Reads variables of `env`, or of the process where there is one; only those that are asked for. */
export function readingVariables(env: Environment | undefined): ReadVariable {
	return (name) => {
		try {
			return (env ?? currentProcess()?.env)?.[name];
		} catch {
			throw new ClientError(
				"CONFIG_INVALID",
				`${name} may not be read; allow it (in Deno: --allow-env), or give createClient \`url\` and \`token\`.`,
			);
		}
	};
}

/** Reads a text file. What does it is looked up at the call, so that no bundler and no worker meets it otherwise. */
export async function readTextFile(path: string): Promise<string> {
	const files = currentProcess()?.getBuiltinModule?.("node:fs/promises");
	if (files === undefined)
		throw new ClientError(
			"CONFIG_INVALID",
			"CLEF_AGENT_TOKEN_FILE is set, but this runtime reads no files; give createClient a `token` instead.",
		);
	return (files as FilesLike).readFile(path, "utf8");
}

/** Makes a function that recognises a text again without keeping it, keyed by chance. */
export function createFingerprint(): (text: string) => Promise<string> {
	const algorithm = { name: "HMAC", hash: "SHA-256" };
	let key: ReturnType<typeof crypto.subtle.importKey> | undefined;
	return async (text) => {
		const secret = crypto.getRandomValues(new Uint8Array(32));
		key ??= crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
		const signature = await crypto.subtle.sign("HMAC", await key, new TextEncoder().encode(text));
		return String.fromCharCode(...new Uint8Array(signature));
	};
}

/** Timers are objects in Node and Bun, and may be numbers in Deno, which lets them go by a function of its own. */
function letGo(timer: unknown): void {
	if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
	else (globalThis as { Deno?: { unrefTimer?(id: unknown): void } }).Deno?.unrefTimer?.(timer);
}

function currentProcess(): ProcessLike | undefined {
	return (globalThis as { process?: ProcessLike }).process;
}
