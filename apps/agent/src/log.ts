import {
	configureSync,
	getJsonLinesFormatter,
	getLogger,
	getTextFormatter,
	type LogRecord,
	type TextFormatter,
} from "@logtape/logtape";
import type { Output } from "./command-io.js";
import { printable } from "./printable.js";

/** How much is logged. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** How lines look; Lambda reads level and time of a line from JSON, under names of its own. */
export type LogFormat = "text" | "json" | "lambda-json";

/** Facts that go with a sentence, as fields of a JSON line. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes one line per call. */
export type Log = Readonly<Record<LogLevel, (sentence: string, fields?: LogFields) => void>>;

const CATEGORY = "clef-agent";
const LEVELS = { debug: "debug", info: "info", warn: "warning", error: "error" } as const;

/** The agent's log: JSON lines, or text for people; a process has one. */
export function createLog(
	output: Output,
	options: { readonly level: LogLevel; readonly format: LogFormat },
): Log {
	const format = FORMATTERS[options.format]();
	configureSync({
		reset: true,
		sinks: { output: (record: LogRecord) => output.write(format(record)) },
		loggers: [
			{ category: CATEGORY, sinks: ["output"], lowestLevel: LEVELS[options.level] },
			{ category: ["logtape", "meta"], sinks: ["output"], lowestLevel: "error" },
		],
	});
	const logger = getLogger(CATEGORY);
	return {
		debug: (sentence, fields) => logger.debug(literally(sentence), { ...fields }),
		info: (sentence, fields) => logger.info(literally(sentence), { ...fields }),
		warn: (sentence, fields) => logger.warn(literally(sentence), { ...fields }),
		error: (sentence, fields) => logger.error(literally(sentence), { ...fields }),
	};
}

const FORMATTERS: Readonly<Record<LogFormat, () => TextFormatter>> = {
	json: () => getJsonLinesFormatter({ properties: "flatten" }),
	"lambda-json": () => {
		const format = getJsonLinesFormatter({ properties: "flatten" });
		return (record) => format(record).replace('{"@timestamp":', '{"timestamp":');
	},
	text: textFormatter,
};

function textFormatter(): TextFormatter {
	return getTextFormatter({
		timestamp: "rfc3339",
		level: "FULL",
		format: ({ timestamp, level, message }) => `${timestamp} ${level} ${printable(message)}`,
	});
}

/** Braces would be taken for placeholders. */
function literally(sentence: string): string {
	return sentence.replaceAll("{", "{{").replaceAll("}", "}}");
}
