/** What this package throws: an option, or a port, that it cannot work with. */
export class RouterError extends Error {
	override readonly name = "RouterError";
	readonly code: "CONFIG_INVALID";
	readonly retryable = false;

	constructor(code: "CONFIG_INVALID", message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}
