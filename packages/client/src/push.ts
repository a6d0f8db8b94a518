import { badResponse, chunksOf, parseJson } from "./body.js";
import { call } from "./call.js";
import { type Change, isChange } from "./change.js";
import { ClientError, type NotReadyReason } from "./client-error.js";
import { Deadline } from "./deadline.js";
import { EventStreamParser, type ServerSentEvent } from "./event-stream.js";
import { exchange } from "./exchange.js";
import type { AgentState, News } from "./news.js";
import { knownReason } from "./refusal.js";
import { isHealth, isRecord } from "./shapes.js";
import { readSnapshot } from "./snapshot.js";
import type { WatchContext } from "./watch-context.js";

const CONNECT_MS = 10_000;
/** Three heartbeats of the agent. */
const SILENCE_MS = 45_000;

/** What one connection to `/v1/events` tells until it ends; rejects with `ClientError`, also when it just ends. */
export async function* pushedNews(context: WatchContext): AsyncGenerator<News> {
	const deadline = new Deadline(context.limits);
	try {
		deadline.limit(CONNECT_MS, `The agent did not answer within ${CONNECT_MS} ms; see its log.`);
		const response = await connect(context, deadline);
		yield { kind: "contact" };
		// Connected again after the last revision, nothing would tell that the agent has recovered meanwhile.
		const state = await presentState(context);
		if (state !== undefined) yield { kind: "state", state };
		const parser = new EventStreamParser();
		const listen = (): void =>
			deadline.limit(SILENCE_MS, `The agent was silent for ${SILENCE_MS} ms; connecting again.`);
		listen();
		for await (const chunk of chunksOf(response, deadline)) {
			for (const event of parser.push(chunk)) yield* newsOf(event, context);
			yield { kind: "contact", retryMs: parser.retryMs };
			listen();
		}
	} finally {
		deadline.close();
	}
	throw new ClientError("AGENT_UNREACHABLE", "The agent ended the stream of events; connecting again.");
}

async function connect({ connection, tracker }: WatchContext, deadline: Deadline): Promise<Response> {
	const { tag } = tracker;
	const request = {
		path: "/v1/events",
		subject: "The stream of events",
		accept: "text/event-stream",
		...(tag !== undefined && { headers: { "last-event-id": tag } }),
	};
	const response = await exchange(connection, request, deadline);
	const type = response.headers.get("content-type") ?? "";
	if (response.status === 200 && /^text\/event-stream\b/i.test(type)) return response;
	throw badResponse("is no stream of events; check that it is a clef-agent that answers");
}

async function presentState({ connection, limits, random }: WatchContext): Promise<AgentState | undefined> {
	const { state } = await call(connection, limits, random, {
		path: "/v1/health",
		subject: "Health",
		isKind: isHealth,
		isOpen: true,
		isRetried: false,
		timeoutMs: CONNECT_MS,
	});
	return state === "ready" ? state : knownReason(state);
}

async function* newsOf(event: ServerSentEvent, context: WatchContext): AsyncGenerator<News> {
	if (event.type === "revision") {
		const change = await changeOf(parseJson(event.data, isChange), context);
		yield { kind: "state", state: "ready" };
		if (change !== undefined) yield { kind: "change", change };
		return;
	}
	const state = stateOf(event);
	if (state !== undefined) yield { kind: "state", state };
}

/** Where an event does not continue what was reported, the whole revision is read instead of it. */
async function changeOf(
	told: Change,
	{ tracker, connection, limits }: WatchContext,
): Promise<Change | undefined> {
	const change = tracker.takeEvent(told);
	if (change === "known") return undefined;
	if (change !== "gap") return change;
	const snapshot = await readSnapshot(connection, limits, { notTag: tracker.tag });
	return snapshot && tracker.takeSecrets(snapshot.tag, snapshot.secrets);
}

/** Events that later agents may add are passed over. */
function stateOf({ type, data }: ServerSentEvent): AgentState | undefined {
	if (type === "recovered") return "ready";
	const otherwise: NotReadyReason | undefined =
		type === "revoked" ? "revoked" : type === "expired" ? "artifact_expired" : undefined;
	return otherwise && (knownReason(parseJson(data, isRecord).reason) ?? otherwise);
}
