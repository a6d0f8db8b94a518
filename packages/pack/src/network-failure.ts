/** Codes that Node gives a connection which did not come about or broke. */
const NETWORK_CODE =
	/^(?:E(?:CONN(?:REFUSED|RESET|ABORTED)|PIPE|PROTO|HOSTUNREACH|NETUNREACH|NETDOWN|TIMEDOUT|AI_AGAIN)|ENOTFOUND|UND_ERR_\w+|\w*CERT\w*|DEPTH_ZERO_\w+|UNABLE_TO_\w+|ERR_(?:TLS|SSL)_\w+)$/;

/** How deep an SDK may have wrapped the error of the connection. */
const MAX_DEPTH = 5;

/** The code of the network's error that an SDK's error stands for; undefined when it is not about the network. */
export function networkCode(error: unknown): string | undefined {
	let current: unknown = error;
	for (let depth = 0; depth < MAX_DEPTH && typeof current === "object" && current !== null; depth++) {
		const { code, cause, errors }: { code?: unknown; cause?: unknown; errors?: unknown } = current;
		if (typeof code === "string" && NETWORK_CODE.test(code)) return code;
		current = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
	}
	return undefined;
}
