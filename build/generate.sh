#!/usr/bin/env bash
# Regenerates everything that is derived from backend/api: deepcopy, defaults, OpenAPI, apply configurations, TypeScript.
# Run it through `make generate`; `make lint` proves that what is checked in is current.
set -euo pipefail
cd "$(dirname "$0")/.."

module=github.com/berth-desktop/berth
header=backend/api/boilerplate.go.txt
kinds=(./backend/api/app/v1alpha1 ./backend/api/containers/v1alpha1 ./backend/api/lima/v1alpha1)
# Read for what our kinds are made of. Without --readonly-pkg the generator would write into the module cache.
theirs=(k8s.io/apimachinery/pkg/{api/resource,apis/meta/v1,runtime,version})

tool() { GOFLAGS=-mod=mod go tool -modfile=build/tools/go.mod "$@"; }

tool deepcopy-gen --output-file zz_generated.deepcopy.go --go-header-file "$header" "${kinds[@]}"
tool defaulter-gen --output-file zz_generated.defaults.go --go-header-file "$header" "${kinds[@]}"
tool openapi-gen --output-dir backend/api/openapi --output-pkg $module/backend/api/openapi \
  --output-file zz_generated.openapi.go --output-model-name-file zz_generated.model_name.go \
  --go-header-file "$header" --report-filename /dev/null "${theirs[@]/#/--readonly-pkg=}" \
  "${kinds[@]}" "${theirs[@]}"
tool applyconfiguration-gen --output-dir backend/api/applyconfiguration \
  --output-pkg $module/backend/api/applyconfiguration --go-header-file "$header" "${kinds[@]}"
tool tygo --config build/tygo.yaml generate
