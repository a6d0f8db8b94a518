import { isTimeout, isUntrustedCertificate } from "./network-code.js";
import type { HttpProxy } from "./proxy-choice.js";
import { SourceError } from "./source-error.js";

/** What kept a proxy from passing a request on. */
export interface ProxyProblem {
	/** What it answered where it should have connected us. */
	readonly status?: number;

	/** Code of the error for which it could not be reached. */
	readonly code?: string | undefined;
}

/** A request failed at the proxy rather than at its target; travels inside the errors of the network layer. */
export class ProxyFailure extends Error {
	override readonly name = "ProxyFailure";
	readonly variable: HttpProxy["variable"];
	readonly problem: ProxyProblem;

	constructor({ variable }: HttpProxy, problem: ProxyProblem) {
		super(`The proxy in ${variable} failed.`);
		this.variable = variable;
		this.problem = problem;
	}
}

/** Names what a proxy's failure means for the read of a place. */
export function proxyError({ variable, problem }: ProxyFailure, description: string): SourceError {
	const { status, code } = problem;
	if (status !== undefined) return refusal(variable, status, description);
	if (code === "ERR_INVALID_URL") {
		const message = `${variable} is not an http:// or https:// URL, so ${description} was not read; set it again.`;
		return new SourceError("SOURCE_UNREACHABLE", message, { retryable: false });
	}
	const what = code === undefined ? "" : ` (${code})`;
	const hint = isUntrustedCertificate(code)
		? "its certificate is not trusted, NODE_EXTRA_CA_CERTS can name a private authority"
		: "check its address and that it is up";
	const message = `Could not read ${description}: no connection through the proxy in ${variable}${what}; ${hint}.`;
	return new SourceError(isTimeout(code) ? "SOURCE_TIMEOUT" : "SOURCE_UNREACHABLE", message);
}

function refusal(variable: string, status: number, description: string): SourceError {
	const answered = `The proxy in ${variable} answered ${status} instead of connecting to ${description}`;
	if (status === 407) {
		return new SourceError(
			"SOURCE_UNAUTHORIZED",
			`${answered}; check the user name and password in ${variable}.`,
		);
	}
	if (status >= 500) {
		return new SourceError("SOURCE_UNREACHABLE", `${answered}; check that it can reach that host.`);
	}
	const hint = "let it pass that host, or name the host in NO_PROXY";
	return new SourceError("SOURCE_UNAUTHORIZED", `${answered}; ${hint}.`);
}
