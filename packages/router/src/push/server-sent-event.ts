/** One message of an event stream (the HTML standard's format), in UTF-8. */
export function serverSentEvent(event: string, data: unknown, id?: string): Buffer {
	const lines = [
		`event: ${event}`,
		...(id === undefined ? [] : [`id: ${id}`]),
		`data: ${JSON.stringify(data)}`,
	];
	return Buffer.from(`${lines.join("\n")}\n\n`);
}

/** What a stream begins with: how long a client waits before it connects again, in milliseconds. */
export function retryAfter(ms: number): Buffer {
	return Buffer.from(`retry: ${ms}\n\n`);
}

/** Says nothing; keeps what lies between from closing the connection, and finds out that a client is gone. */
export const HEARTBEAT: Buffer = Buffer.from(": heartbeat\n\n");
