{{- define "cmscc.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "cmscc.labels" -}}
app.kubernetes.io/name: cmscc
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cmscc.image" -}}
{{- $of := .image -}}
{{- if $of.digest -}}
{{ $of.repository }}@{{ $of.digest }}
{{- else -}}
{{ $of.repository }}:{{ $of.tag | default .chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "cmscc.container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "cmscc.pod-security" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}
