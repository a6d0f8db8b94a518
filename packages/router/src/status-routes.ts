import type { AgentStatus } from "@clef-sh/core";
import { jsonReply, type Reply, textReply } from "./reply.js";

const READY = jsonReply(200, { ready: true });

/** `GET /v1/health`: 200 for as long as the process lives, whatever state the secrets are in. */
export function healthReply(status: AgentStatus): Reply {
	const { mode, revision, lastRefreshAt, expired, state, lastError } = status;
	return jsonReply(200, {
		status: "ok",
		mode,
		revision,
		lastRefreshAt,
		expired,
		state,
		lastError: lastError && { code: lastError.code, at: lastError.at },
	});
}

/** `GET /v1/ready`: whether secrets would be served now, and if not, why. */
export function readyReply({ state }: AgentStatus): Reply {
	return state === "ready" ? READY : jsonReply(503, { ready: false, reason: state });
}

/** `GET /v1/metrics`: Prometheus' text form, version 0.0.4. */
export function metricsReply(text: string): Reply {
	return textReply(200, "text/plain; version=0.0.4; charset=utf-8", text);
}
