import { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions, request } from "node:http";
import { text } from "node:stream/consumers";
import { type ExtensionEvent, parseExtensionEvent } from "./extension-event.js";
import { LambdaError } from "./lambda-error.js";

/** What an extension may register for. */
export type ExtensionEventType = "INVOKE" | "SHUTDOWN";

/** The function that the extension belongs to. */
export interface RegisteredFunction {
	readonly functionName: string | undefined;
	readonly functionVersion: string | undefined;
}

/** An error as Lambda is told of it. */
export interface ReportedFailure {
	/** `Extension.<Reason>`. */
	readonly errorType: string;
	readonly message: string;
}

interface Answer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

interface Call {
	readonly method: "GET" | "POST";
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: object;
	/** Undefined: as long as it takes. */
	readonly timeoutMs?: number;
	readonly signal?: AbortSignal;
}

/** Everything but `event/next` is answered at once. */
const ANSWER_MS = 5_000;

/**
 * A client of Lambda's Extensions API, version 2020-01-01.
 *
 * Rejects with `LambdaError`. Each call has a connection of its own: the process is frozen between events, for hours.
 */
export class ExtensionsApi {
	readonly #url: URL;
	readonly #name: string;
	#identifier: string | undefined;

	/**
	 * @param address `host:port`, as AWS_LAMBDA_RUNTIME_API has it.
	 * @param name the extension's file name, by which Lambda knows it.
	 */
	constructor(address: string, name: string) {
		const url = `http://${address}/2020-01-01/extension/`;
		if (!URL.canParse(url)) throw unreachable("AWS_LAMBDA_RUNTIME_API is not a host and port");
		this.#url = new URL(url);
		this.#name = name;
	}

	/** Whether Lambda knows the extension, so that failures can be reported. */
	get isRegistered(): boolean {
		return this.#identifier !== undefined;
	}

	/** Registers for events; from then on the runtime may start. */
	async register(events: readonly ExtensionEventType[]): Promise<RegisteredFunction> {
		const headers = { "Lambda-Extension-Name": this.#name };
		const answer = await this.#call("register", {
			method: "POST",
			headers,
			body: { events },
			timeoutMs: ANSWER_MS,
		});
		const identifier = answer.headers["lambda-extension-identifier"];
		if (typeof identifier !== "string" || identifier === "")
			throw refused("register", "it gave no identifier");
		this.#identifier = identifier;
		return functionIn(answer.body);
	}

	/** Waits for the next event, for hours if need be; asking for it tells Lambda that this one is done with. */
	async next(signal: AbortSignal): Promise<ExtensionEvent> {
		const { body } = await this.#call("event/next", { method: "GET", signal });
		const event = parseExtensionEvent(body);
		if (event === undefined) throw refused("event/next", "it answered with something that is no event");
		return event;
	}

	/** Reports that the extension cannot start; only before the first `next`. */
	async reportInitError(failure: ReportedFailure): Promise<void> {
		await this.#report("init/error", failure);
	}

	/** Reports that the extension must stop. */
	async reportExitError(failure: ReportedFailure): Promise<void> {
		await this.#report("exit/error", failure);
	}

	async #report(endpoint: string, { errorType, message }: ReportedFailure): Promise<void> {
		const headers = { "Lambda-Extension-Function-Error-Type": errorType };
		const body = { errorMessage: message, errorType, stackTrace: [] };
		await this.#call(endpoint, { method: "POST", headers, body, timeoutMs: ANSWER_MS });
	}

	async #call(endpoint: string, call: Call): Promise<Answer> {
		const identifier = this.#identifier && { "Lambda-Extension-Identifier": this.#identifier };
		const answer = await exchange(new URL(endpoint, this.#url), {
			...call,
			headers: { ...call.headers, ...identifier },
		}).catch((cause: unknown) => {
			throw unreachable(`Lambda's Extensions API broke off at ${endpoint}${codeOf(cause)}`, cause);
		});
		if (answer.status >= 200 && answer.status < 300) return answer;
		throw refused(endpoint, `it answered ${answer.status}${errorTypeIn(answer.body)}`);
	}
}

async function exchange(url: URL, { method, headers, body, timeoutMs, signal }: Call): Promise<Answer> {
	const options: RequestOptions = {
		method,
		headers: { ...headers, ...(body && { "Content-Type": "application/json" }) },
		// No agent: its kept connections would be the ones that a freeze leaves dead.
		agent: false,
		...(signal && { signal }),
		...(timeoutMs !== undefined && { timeout: timeoutMs }),
	};
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		const outgoing = request(url, options, resolve);
		outgoing.on("error", reject);
		outgoing.on("timeout", () => outgoing.destroy(new RangeError("No answer in time.")));
		outgoing.end(body && JSON.stringify(body));
	});
	return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

function functionIn(body: string): RegisteredFunction {
	try {
		const { functionName, functionVersion } = JSON.parse(body) as Record<string, unknown>;
		return { functionName: asText(functionName), functionVersion: asText(functionVersion) };
	} catch {
		// Only the log would have named it.
		return { functionName: undefined, functionVersion: undefined };
	}
}

function asText(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}

/** Lambda's own word for a refusal, such as Extension.InvalidExtensionState. */
function errorTypeIn(body: string): string {
	const found = /"errorType"\s*:\s*"([\w.]{1,80})"/.exec(body)?.[1];
	return found === undefined ? "" : ` (${found})`;
}

function codeOf(cause: unknown): string {
	const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
	return /^[A-Z_]+$/.test(code) ? ` (${code})` : "";
}

function unreachable(what: string, cause?: unknown): LambdaError {
	return new LambdaError("LAMBDA_API_UNREACHABLE", `${what}; is this process started by Lambda?`, { cause });
}

function refused(endpoint: string, why: string): LambdaError {
	const hint =
		endpoint === "register"
			? "the file in /opt/extensions must have the name that is registered"
			: "Lambda starts the extension anew";
	return new LambdaError(
		"LAMBDA_API_REFUSED",
		`Lambda's Extensions API refused ${endpoint}: ${why}; ${hint}.`,
	);
}
