import { ClientError } from "./client-error.js";
import type { ReadVariable } from "./runtime.js";

/** Where the bearer token comes from; a rotating one may differ at each reading. */
export interface TokenReader {
	read(): Promise<string>;
	/** Forgets what a file held, after the agent refused it. */
	forget(): void;
}

/** Places that the token is looked for in, in this order. */
export interface TokenPlaces {
	readonly option: string | (() => string | Promise<string>) | undefined;
	readonly variable: ReadVariable;
	readonly readFile: (path: string) => Promise<string>;
}

/** Makes a reader over the option, `CLEF_AGENT_TOKEN`, the file, and in Lambda `AWS_SESSION_TOKEN`. */
export function createTokenReader({ option, variable, readFile }: TokenPlaces): TokenReader {
	let ofFile: string | undefined;
	return {
		async read() {
			if (option !== undefined) return checked(typeof option === "string" ? option : await given(option));
			const own = variable("CLEF_AGENT_TOKEN");
			if (own) return checked(own);
			const path = variable("CLEF_AGENT_TOKEN_FILE");
			if (path) {
				ofFile ??= checked(await textOf(path, readFile));
				return ofFile;
			}
			const session = variable("AWS_LAMBDA_FUNCTION_NAME") && variable("AWS_SESSION_TOKEN");
			if (session) return checked(session);
			throw new ClientError(
				"CONFIG_INVALID",
				"There is no token for the agent; set CLEF_AGENT_TOKEN or CLEF_AGENT_TOKEN_FILE, or give createClient a `token`.",
			);
		},
		forget() {
			ofFile = undefined;
		},
	};
}

async function given(token: () => string | Promise<string>): Promise<unknown> {
	try {
		return await token();
	} catch (cause) {
		throw new ClientError("CONFIG_INVALID", "The function that gives the token has failed; see the cause.", {
			cause,
		});
	}
}

async function textOf(path: string, readFile: (path: string) => Promise<string>): Promise<string> {
	let text: string;
	try {
		text = await readFile(path);
	} catch (error) {
		if (error instanceof ClientError) throw error;
		const code = error instanceof Error && "code" in error ? error.code : undefined;
		if (code === "ENOENT") throw notThereYet("does not exist");
		throw new ClientError(
			"CONFIG_INVALID",
			"The file that CLEF_AGENT_TOKEN_FILE names cannot be read; let this process's user read it.",
		);
	}
	// An agent that makes its own token creates the file before it writes to it.
	if (text.trim() === "") throw notThereYet("is empty");
	return text;
}

function notThereYet(problem: string): ClientError {
	return new ClientError(
		"AGENT_UNREACHABLE",
		`The file that CLEF_AGENT_TOKEN_FILE names ${problem}; start the agent that writes it, or correct the path.`,
	);
}

/** What fetch would refuse as a header it would also print, so it is refused here first. */
function checked(text: unknown): string {
	const token = typeof text === "string" ? text.replace(/^\uFEFF/, "").trim() : "";
	if (/^[\x21-\x7e]+$/.test(token)) return token;
	throw new ClientError(
		"CONFIG_INVALID",
		"The token is not visible ASCII without spaces, so no agent has it; check where it comes from.",
	);
}
