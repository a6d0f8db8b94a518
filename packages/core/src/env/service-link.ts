const NAMES = [
	/^CLEF_AGENT_(?:\w+_)?SERVICE_HOST$/,
	/^CLEF_AGENT_(?:\w+_)?SERVICE_PORT(?:_\w+)?$/,
	/^CLEF_AGENT_(?:\w+_)?PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?$/,
];

/**
 * Whether Kubernetes injected this variable for a Service whose name starts with `clef-agent`.
 * `CLEF_AGENT_PORT` is one only when its value is an address such as `tcp://10.0.0.1:80`.
 */
export function isServiceLink(name: string, value: string): boolean {
	if (NAMES.some((pattern) => pattern.test(name))) return true;
	return /^CLEF_AGENT_(?:\w+_)?PORT$/.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value);
}
