import { type Clock, networkCode } from "@clef-sh/core";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";

/** What OpenTelemetry's processors ask of an exporter, whatever the signal. */
export interface Exporting<Items> {
	export(items: Items, done: (result: ExportResult) => void): void;
	forceFlush(): Promise<void>;
	shutdown(): Promise<void>;
}

/** How an exporter is watched. */
export interface Watch<Items> {
	readonly clock: Clock;
	/** What a request may take. */
	readonly timeoutMs: number;
	/** Called once per batch; the cause is in a few words, and undefined for a success. */
	readonly settled: (items: Items, cause: string | undefined) => void;
}

/** Passes batches on to an exporter, and reports what becomes of them. */
export class WatchedExporter<Items> implements Exporting<Items> {
	readonly #inner: Exporting<Items>;
	readonly #watch: Watch<Items>;

	constructor(inner: Exporting<Items>, watch: Watch<Items>) {
		this.#inner = inner;
		this.#watch = watch;
	}

	export(items: Items, done: (result: ExportResult) => void): void {
		const { clock, settled, timeoutMs } = this.#watch;
		const startedMs = clock.monotonic();
		let isSettled = false;
		const settle = (result: ExportResult): void => {
			if (isSettled) return;
			isSettled = true;
			const isSlow = clock.monotonic() - startedMs >= timeoutMs;
			const otherwise = isSlow ? `gives no answer within ${timeoutMs / 1000} s` : "fails";
			const isDelivered = result.code === ExportResultCode.SUCCESS;
			settled(items, isDelivered ? undefined : (causeOf(result.error) ?? otherwise));
			done(result);
		};
		try {
			this.#inner.export(items, settle);
		} catch {
			// What cannot be encoded cannot be sent.
			settle({ code: ExportResultCode.FAILED });
		}
	}

	forceFlush(): Promise<void> {
		return this.#inner.forceFlush();
	}

	shutdown(): Promise<void> {
		return this.#inner.shutdown();
	}
}

/** From codes alone: messages may quote headers and answers. */
function causeOf(error: Error | undefined): string | undefined {
	if (error !== undefined && "code" in error && typeof error.code === "number")
		return `answers ${error.code}`;
	const code = networkCode(error);
	if (code === "UND_ERR_SOCKET") return "hangs up";
	return code === undefined ? undefined : `fails with ${code}`;
}
