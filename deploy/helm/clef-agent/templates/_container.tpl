{{/* The agent: first among the pod's initContainers, so that the others can ask it too. */}}
{{- define "clef-agent.container" -}}
{{- $agent := index .Values "clef-agent" -}}
- name: clef-agent
  image: {{ $agent.image.repository }}:{{ $agent.image.tag }}
  # What makes it a sidecar: it starts before the application, is restarted, and ends after it.
  restartPolicy: Always
  envFrom:
    - configMapRef:
        name: {{ .Release.Name }}-clef-agent
  env:
    - name: CLEF_AGENT_TOKEN_FILE
      value: /run/clef-agent/token
    {{- if $agent.ageKey.secretName }}
    - name: CLEF_AGENT_AGE_KEY_FILE
      value: /run/secrets/clef-agent/age.key
    {{- end }}
    {{- if $agent.diskCache.enabled }}
    - name: CLEF_AGENT_CACHE_PATH
      value: /var/cache/clef-agent
    {{- end }}
  # The agent listens on loopback, which the kubelet cannot reach, so that probes are commands.
  startupProbe:
    exec:
      command: ["/clef-agent", "health"]
    periodSeconds: 1
    timeoutSeconds: 3
    failureThreshold: 300
  readinessProbe:
    exec:
      command: ["/clef-agent", "health"]
    periodSeconds: 10
    timeoutSeconds: 3
    failureThreshold: 3
  livenessProbe:
    exec:
      command: ["/clef-agent", "health", "--live"]
    periodSeconds: 30
    timeoutSeconds: 3
    failureThreshold: 3
  resources:
    {{- toYaml $agent.resources | nindent 4 }}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: ["ALL"]
  volumeMounts:
    - name: clef-agent-token
      mountPath: /run/clef-agent
      {{- if $agent.token.secretName }}
      readOnly: true
      {{- end }}
    {{- if $agent.ageKey.secretName }}
    # A folder, not a single file: only then does a changed Secret reach the agent.
    - name: clef-agent-age-key
      mountPath: /run/secrets/clef-agent
      readOnly: true
    {{- end }}
    {{- if $agent.diskCache.enabled }}
    - name: clef-agent-cache
      mountPath: /var/cache/clef-agent
    {{- end }}
{{- end -}}
