// The one file that is loaded when telemetry is wanted; only what lies in this folder imports OpenTelemetry.

import { defaultResource, type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { Pipeline, PipelineOptions } from "../pipeline.js";
import { Connections } from "./connections.js";
import { createLogs } from "./logs.js";
import { createMetrics } from "./metrics.js";
import { createSpans } from "./spans.js";

/** Makes the pipeline from settings; registers nothing globally. */
export function createPipeline(options: PipelineOptions): Pipeline {
	const resource = resourceOf(options);
	const connections = new Connections(options);
	const logs = createLogs(options, resource, connections);
	const metrics = createMetrics(options, resource, connections);
	const spans = createSpans(options, resource, connections);
	return {
		write: (event) => {
			logs?.write(event);
			metrics.write(event);
			spans?.write(event);
		},
		request: (request) => {
			metrics.request(request);
			spans?.request(request);
		},
		metrics: () => metrics.text(),
		flush: async () => {
			await Promise.allSettled([logs?.flush(), spans?.flush()]);
		},
		close: async () => {
			await Promise.allSettled([logs?.close(), metrics.close(), spans?.close()]);
		},
		giveUp: () => {
			connections.cut();
			logs?.giveUp();
		},
	};
}

/** OpenTelemetry's processors wait with their first export for an attribute that is still to come. */
function resourceOf({ resource, settings, sourceKind }: PipelineOptions): Resource {
	const whole = defaultResource().merge(
		resourceFromAttributes({ ...resource, "clef.source.type": sourceKind, ...settings.resource }),
	);
	// Where metrics are only asked for, there is no processor that would.
	void sourceKind.then(() => whole.waitForAsyncAttributes?.());
	return whole;
}
