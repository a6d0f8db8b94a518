import { badResponse } from "./body.js";
import { ClientError, type NotReadyReason } from "./client-error.js";

/** What an agent says beside a status that is no success. */
export interface Refusal {
	readonly status: number;
	/** The body; only its code and its reason are looked at. */
	readonly text: string;
	readonly retryAfterMs: number | undefined;
	/** What was asked for, as the beginning of a sentence. */
	readonly subject: string;
	/** Whether what was asked for has a secret's name. */
	readonly isSecret: boolean;
}

const REASONS: Readonly<Record<NotReadyReason, string>> = {
	not_loaded: "has no secrets yet; see its log, it goes on trying",
	cache_expired: "could not refresh its secrets in time; see its log, it goes on trying",
	artifact_expired: "serves nothing because its artifact has expired; pack a new one",
	revoked: "serves nothing because its artifact was revoked; pack a new one",
};

/** The error that a refusal means; whatever no clef-agent would say is a `BAD_RESPONSE`. */
export function refusalError({ status, text, retryAfterMs, subject, isSecret }: Refusal): ClientError {
	if (status === 0 || (status >= 300 && status < 400))
		return badResponse("is a redirect, which is not followed, for the token's sake; check the URL");
	const { code: agentCode, reason } = saidBy(text);
	if (agentCode === undefined)
		return badResponse(`has status ${status} and no code; check that it is a clef-agent that answers`);
	const said = { agentCode, reason, retryAfterMs };
	if (status === 401)
		return new ClientError(
			"UNAUTHORIZED",
			"The agent refused the token; give the client the token that the agent has now.",
			said,
		);
	if (status === 404 && isSecret)
		return new ClientError("SECRET_NOT_FOUND", `${subject} does not exist; keys() lists what does.`, said);
	if (status === 409)
		return new ClientError(
			"SECRET_AMBIGUOUS",
			`${subject} exists in several namespaces, or under one flat name twice; name the namespace.`,
			said,
		);
	if (status === 429)
		return new ClientError("RATE_LIMITED", "The agent was asked too often; wait before the next call.", said);
	if (status === 503) return notReady(said);
	return new ClientError(
		"AGENT_REFUSED",
		`The agent refused the request (${agentCode}); the page about its HTTP API says when it does.`,
		said,
	);
}

/** The reason an agent gave, where it is one that is known. */
export function knownReason(value: unknown): NotReadyReason | undefined {
	return typeof value === "string" && Object.hasOwn(REASONS, value) ? (value as NotReadyReason) : undefined;
}

/** `Retry-After` in seconds, as the agent writes it; at most five minutes are believed. */
export function retryAfterMs(headers: Headers): number | undefined {
	const text = headers.get("retry-after") ?? "";
	return /^\d+$/.test(text) ? Math.min(Number(text), 300) * 1000 : undefined;
}

function notReady(said: { agentCode: string; reason: NotReadyReason | undefined }): ClientError {
	const state =
		said.reason === undefined ? `serves nothing now (${said.agentCode}); see its log` : REASONS[said.reason];
	return new ClientError("AGENT_NOT_READY", `The agent ${state}.`, said);
}

function saidBy(text: string): { code: string | undefined; reason: NotReadyReason | undefined } {
	let body: unknown;
	try {
		body = JSON.parse(text);
	} catch {
		return { code: undefined, reason: undefined };
	}
	const { code, reason } = Object(body) as { code?: unknown; reason?: unknown };
	const isCode = typeof code === "string" && /^[A-Z][A-Z_]{0,63}$/.test(code);
	return { code: isCode ? code : undefined, reason: knownReason(reason) };
}
