import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { compareContent } from "./content-digest.js";
import { Deadlines } from "./deadlines.js";
import { fileError } from "./file-error.js";
import { parseFileUrl } from "./file-url.js";
import { FileWatch } from "./file-watch.js";
import type { Source, SourceEnvironment, SourceResult, Validator, Watch } from "./source.js";
import { SourceError } from "./source-error.js";

/** A file and its limit. */
export interface FileSourceOptions {
	readonly kind: "file";

	/** A path, relative to the working directory or absolute, or a `file://` URL. */
	readonly path: string;

	/** 16 MiB when absent. */
	readonly maxBytes?: number;
}

/** The file system that the file is in. */
export type SourceFiles = Pick<typeof import("node:fs/promises"), "open">;

/** What is made room for where a file is longer than its size. */
const CHUNK_BYTES = 65_536;

/** For one read as a whole: a network share may stop answering in the middle of it, and never say so. */
const TOTAL_MS = 60_000;

/** Reads and watches an artifact in a regular file; links are followed. */
export class FileSource implements Source {
	readonly type = "file";
	readonly description: string;

	/** The absolute path: a relative one is another file in another working directory. */
	readonly place: string;
	readonly #maxBytes: number;
	readonly #environment: Pick<SourceEnvironment, "timers">;
	readonly #files: SourceFiles;

	/** Reads that were given up and have not ended. */
	#hanging: Promise<unknown> = Promise.resolve();

	/** Throws `SOURCE_NOT_FOUND` for a `file://` URL that names no path. */
	constructor(
		options: FileSourceOptions & { readonly maxBytes: number },
		environment: Pick<SourceEnvironment, "timers">,
		files: SourceFiles = { open },
	) {
		this.description = plainPath(options.path);
		this.place = resolve(this.description);
		this.#maxBytes = options.maxBytes;
		this.#environment = environment;
		this.#files = files;
	}

	async read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		signal.throwIfAborted();
		const late = `${this.description} was not read within ${TOTAL_MS} ms; check the file system it is in.`;
		const deadlines = new Deadlines(signal, this.#environment.timers, TOTAL_MS, late);
		try {
			// Not beside one that hangs: each may hold a thread, and the process has few.
			await deadlines.race(this.#hanging);
			return compareContent(await this.#readWithin(deadlines), validator);
		} finally {
			deadlines.close();
		}
	}

	async #readWithin(deadlines: Deadlines): Promise<Uint8Array> {
		const reading = this.#read(deadlines.signal);
		try {
			return await deadlines.race(reading);
		} finally {
			if (deadlines.signal.aborted) this.#hanging = reading.catch(() => undefined);
		}
	}

	async #read(signal: AbortSignal): Promise<Uint8Array> {
		const handle = await this.#open();
		try {
			return await this.#content(handle, signal);
		} finally {
			await handle.close();
		}
	}

	watch(onChange: () => void): Watch {
		return new FileWatch(this.description, onChange, this.#environment.timers);
	}

	/** Without blocking: opening a FIFO that nobody writes to would wait for ever. */
	async #open(): Promise<FileHandle> {
		try {
			return await this.#files.open(
				this.description,
				constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
			);
		} catch (error) {
			throw fileError(error, this.description);
		}
	}

	async #content(handle: FileHandle, signal: AbortSignal): Promise<Uint8Array> {
		try {
			const { size } = await this.#assertRegular(handle);
			if (!(size <= this.#maxBytes)) throw this.#tooLarge();
			return await this.#drain(handle, size, signal);
		} catch (error) {
			throw signal.aborted ? signal.reason : fileError(error, this.description);
		}
	}

	async #assertRegular(handle: FileHandle): Promise<{ size: number }> {
		const stats = await handle.stat();
		if (stats.isFile()) return stats;
		const what = stats.isDirectory() ? "a directory" : "not a regular file";
		const message = `${this.description} is ${what}; give the path of the artifact's file itself.`;
		throw new SourceError("SOURCE_BAD_RESPONSE", message);
	}

	/** Counts while reading: the file may grow, and the size of some files is only known at their end. */
	async #drain(handle: FileHandle, size: number, signal: AbortSignal): Promise<Uint8Array> {
		// One more than it should have, for the read that finds its end.
		let buffer = Buffer.alloc(size + 1);
		let filled = 0;
		for (;;) {
			signal.throwIfAborted();
			const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, null);
			if (bytesRead === 0) return buffer.subarray(0, filled);
			filled += bytesRead;
			if (!(filled <= this.#maxBytes)) throw this.#tooLarge();
			if (filled === buffer.length) buffer = Buffer.concat([buffer], filled + CHUNK_BYTES);
		}
	}

	#tooLarge(): SourceError {
		const hint = "if it really is that large, raise CLEF_AGENT_MAX_ARTIFACT_BYTES";
		const message = `${this.description} is larger than ${this.#maxBytes} bytes; ${hint}.`;
		return new SourceError("SOURCE_TOO_LARGE", message);
	}
}

function plainPath(path: string): string {
	if (!/^file:\/\//i.test(path)) return path;
	const result = parseFileUrl(path);
	if ("path" in result) return result.path;
	throw new SourceError("SOURCE_NOT_FOUND", result.reason);
}
