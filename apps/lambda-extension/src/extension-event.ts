/** What Lambda tells an extension. */
export type ExtensionEvent =
	| {
			readonly kind: "invoke";
			/** When the invocation runs into its timeout, epoch milliseconds by Lambda's own clock. */
			readonly deadlineMs: number;
	  }
	| {
			readonly kind: "shutdown";
			/** SPINDOWN, TIMEOUT or FAILURE; others may be added. */
			readonly reason: string;
			/** When the process will be killed, epoch milliseconds by Lambda's own clock. */
			readonly deadlineMs: number;
	  }
	/** An event that did not exist when this was written. */
	| { readonly kind: "unknown" };

/** Reads the body of an `event/next` response; undefined when it is no event at all. */
export function parseExtensionEvent(body: string): ExtensionEvent | undefined {
	const fields = jsonObject(body);
	if (fields === undefined || typeof fields.eventType !== "string") return undefined;
	if (fields.eventType !== "INVOKE" && fields.eventType !== "SHUTDOWN") return { kind: "unknown" };
	const { deadlineMs, shutdownReason } = fields;
	if (typeof deadlineMs !== "number") return undefined;
	if (fields.eventType === "INVOKE") return { kind: "invoke", deadlineMs };
	return { kind: "shutdown", deadlineMs, reason: String(shutdownReason) };
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null ? { ...value } : undefined;
	} catch {
		return undefined;
	}
}
