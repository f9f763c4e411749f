// Compares what Git holds with what lives, as the application controller does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	openapiv2 "github.com/google/gnostic-models/openapiv2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/util/proto"
)

// Diff has a manifest, the live object, and what a dry run of the manifest would make of it.
type Diff struct {
	Manifest  Object `json:"manifest"`
	Live      Object `json:"live"`
	Predicted Object `json:"predicted"`
}

// Differs says whether the resource is out of sync, and at which top-level fields it is.
type Differs struct {
	Modified bool     `json:"modified"`
	Where    []string `json:"where"`
}

type dryRun struct{ predicted Object }

func (d dryRun) Run(context.Context, *unstructured.Unstructured, string) (string, error) {
	text, err := json.Marshal(d.predicted)
	return string(text), err
}

func readOpenAPI(path string) (*managedfields.GvkParser, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	document, err := openapiv2.ParseDocument(text)
	if err != nil {
		return nil, err
	}
	models, err := proto.NewOpenAPIData(document)
	if err != nil {
		return nil, err
	}
	return managedfields.NewGVKParser(models, false)
}

func compare(d Diff, scripts Scripts, parser *managedfields.GvkParser) any {
	builder := diff.NewDiffConfigBuilder().
		WithDiffSettings(nil, map[string]v1alpha1.ResourceOverride(scripts), false, normalizers.IgnoreNormalizerOpts{}).
		WithTracking("app.kubernetes.io/instance", "annotation").
		WithNoCache().
		WithManager("argocd-controller").
		WithGVKParser(parser)
	if d.Predicted != nil {
		builder = builder.WithServerSideDiff(true).WithServerSideDryRunner(dryRun{d.Predicted})
	}
	config, err := builder.Build()
	if err != nil {
		return failure(err)
	}
	result, err := diff.StateDiff(live(d.Live), live(d.Manifest), config)
	if err != nil {
		return failure(err)
	}
	where, err := differing(result.NormalizedLive, result.PredictedLive)
	if err != nil {
		return failure(err)
	}
	return Differs{Modified: result.Modified, Where: where}
}

func differing(before, after []byte) ([]string, error) {
	var a, b any
	if err := json.Unmarshal(before, &a); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(after, &b); err != nil {
		return nil, err
	}
	return paths("", a, b), nil
}

func paths(at string, a, b any) []string {
	x, xIsMap := a.(map[string]any)
	y, yIsMap := b.(map[string]any)
	if !xIsMap || !yIsMap {
		if reflect.DeepEqual(a, b) {
			return nil
		}
		return []string{fmt.Sprintf("%s: %v -> %v", at, a, b)}
	}
	found := []string{}
	for key, value := range x {
		found = append(found, paths(at+"."+key, value, y[key])...)
	}
	for key, value := range y {
		if _, known := x[key]; !known {
			found = append(found, paths(at+"."+key, nil, value)...)
		}
	}
	return found
}
