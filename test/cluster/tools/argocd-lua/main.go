// Answers questions with Argo CD's own code: one JSON object on standard input, one on standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// Object is a resource. Its whole numbers are int64, as Kubernetes' own code expects them.
type Object map[string]any

// UnmarshalJSON reads numbers as the API machinery does.
func (o *Object) UnmarshalJSON(text []byte) error {
	object := map[string]any{}
	err := utiljson.Unmarshal(text, &object)
	*o = object
	return err
}

// Question asks as much as is wanted; each list is answered in its order.
type Question struct {
	// ConfigMap is argocd-cm: the scripts come from it, as Argo CD reads them.
	ConfigMap Object `json:"configMap"`
	// Health wants the health of each object.
	Health []Object `json:"health"`
	// Actions wants the list of actions of each object.
	Actions []Object `json:"actions"`
	// Run runs actions.
	Run []Run `json:"run"`
	// Diffs compares what Git holds with what lives.
	Diffs []Diff `json:"diffs"`
	// OpenAPI is the path of the API server's /openapi/v2, for diffs on the server's side.
	OpenAPI string `json:"openAPI"`
	// Manifests are decoded strictly, by the types of Argo CD.
	Manifests []string `json:"manifests"`
	// Applications wants what an ApplicationSet makes of each set of parameters.
	Applications []Template `json:"applications"`
}

// Answer has an entry for each that was asked for.
type Answer struct {
	Health       []Verdict `json:"health"`
	Actions      []any     `json:"actions"`
	Run          []any     `json:"run"`
	Diffs        []any     `json:"diffs"`
	Manifests    []string  `json:"manifests"`
	Applications []any     `json:"applications"`
}

// failure stands in a list for what could not be answered.
func failure(err error) any { return map[string]string{"error": err.Error()} }

func live(object Object) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: object}
}

func answer(question Question) (Answer, error) {
	scripts, err := readScripts(question.ConfigMap)
	if err != nil {
		return Answer{}, err
	}
	parser, err := readOpenAPI(question.OpenAPI)
	if err != nil {
		return Answer{}, err
	}
	result := Answer{}
	for _, object := range question.Health {
		result.Health = append(result.Health, scripts.health(live(object)))
	}
	for _, object := range question.Actions {
		result.Actions = append(result.Actions, scripts.actions(live(object)))
	}
	for _, run := range question.Run {
		result.Run = append(result.Run, scripts.run(run))
	}
	for _, diff := range question.Diffs {
		result.Diffs = append(result.Diffs, compare(diff, scripts, parser))
	}
	for _, manifest := range question.Manifests {
		result.Manifests = append(result.Manifests, decode(manifest))
	}
	for _, template := range question.Applications {
		result.Applications = append(result.Applications, render(template))
	}
	return result, nil
}

func main() {
	question := Question{}
	err := json.NewDecoder(os.Stdin).Decode(&question)
	if err == nil {
		var result Answer
		if result, err = answer(question); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(result)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
