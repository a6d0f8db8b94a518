import type { Clock } from "@clef-sh/core";
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
	/** Ends the requests under way. */
	readonly abort: () => void;
}

const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{2,}$/;

/** Passes batches on to an exporter, reports what becomes of them, and gives up on one that never answers. */
export class WatchedExporter<Items> implements Exporting<Items> {
	readonly #inner: Exporting<Items>;
	readonly #watch: Watch<Items>;

	constructor(inner: Exporting<Items>, watch: Watch<Items>) {
		this.#inner = inner;
		this.#watch = watch;
	}

	export(items: Items, done: (result: ExportResult) => void): void {
		const { abort, clock, settled, timeoutMs } = this.#watch;
		const startedMs = clock.monotonic();
		let isSettled = false;
		const settle = (result: ExportResult): void => {
			if (isSettled) return;
			isSettled = true;
			cancel();
			const isSlow = clock.monotonic() - startedMs >= timeoutMs;
			const otherwise = isSlow ? `gives no answer within ${timeoutMs / 1000} s` : "fails";
			const isDelivered = result.code === ExportResultCode.SUCCESS;
			settled(items, isDelivered ? undefined : (causeOf(result.error) ?? otherwise));
			done(result);
		};
		// The last attempt may begin when the time for all of them is nearly over.
		const cancel = clock.setTimeout(() => {
			settle({ code: ExportResultCode.FAILED });
			abort();
		}, 2 * timeoutMs);
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
	const code = error !== undefined && "code" in error ? error.code : undefined;
	if (typeof code === "number") return `answers ${code}`;
	if (typeof code === "string" && SYSTEM_CODE.test(code)) return `fails with ${code}`;
	// The exporter does not say which of these it was.
	if (error?.name === "OTLPExporterError") return "answers 429, 502, 503 or 504";
	return undefined;
}
