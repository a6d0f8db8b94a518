/** What one listener gives to its clients at most; times in milliseconds. */
export interface ListenLimits {
	/** Open connections; one more closes the one that has been idle longest. */
	readonly maxConnections: number;
	/** Those among them that no response is running on; as above. */
	readonly maxIdleConnections: number;
	/** Requests of one connection that wait for their answers; with so many it is closed after these. */
	readonly maxPipelined: number;
	/** Bytes of request line and headers together. */
	readonly maxHeaderBytes: number;
	/** From the first byte of a request (or the connection) to the end of its headers. */
	readonly headersTimeoutMs: number;
	/** The same, to the end of the request. */
	readonly requestTimeoutMs: number;
	/** How long a connection may wait for its next request. */
	readonly keepAliveTimeoutMs: number;
	/** How long a response may make no progress: the agent is not done, or the client does not read. */
	readonly stallTimeoutMs: number;
	/** How often the first two timeouts are looked at. */
	readonly sweepIntervalMs: number;
}

/**
 * Idle connections enough for an application and its workers, and small enough for a 1,024 descriptor limit; more in
 * all, because each client that waits for changes holds one.
 */
export const DEFAULT_LIMITS: ListenLimits = {
	maxConnections: 2_048,
	maxIdleConnections: 512,
	maxPipelined: 100,
	maxHeaderBytes: 16_384,
	headersTimeoutMs: 10_000,
	requestTimeoutMs: 30_000,
	keepAliveTimeoutMs: 65_000,
	stallTimeoutMs: 120_000,
	sweepIntervalMs: 2_000,
};
