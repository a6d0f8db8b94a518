import type { OutgoingHttpHeaders } from "node:http";

/** What an API of Google Cloud says to one request. */
export interface GcpAnswer {
	readonly status: number;
	readonly headers?: OutgoingHttpHeaders;
	readonly body: object;
}

/** A refusal in the form of `google.rpc.Status`. */
export function refusal(
	code: number,
	status: string,
	message: string,
	...details: readonly object[]
): GcpAnswer {
	return { status: code, body: { error: { code, message, status, details } } };
}
