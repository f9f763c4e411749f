// Answers with Flux's own code: the kstatus of objects, and whether manifests of Flux's kinds decode strictly.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Question has lists that are answered in their order.
type Question struct {
	Status    []json.RawMessage `json:"status"`
	Manifests []string          `json:"manifests"`
}

// Answer has an entry for each that was asked for.
type Answer struct {
	Status    []Verdict `json:"status"`
	Manifests []string  `json:"manifests"`
}

// Verdict is a kstatus, or why there is none.
type Verdict struct {
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

func compute(text json.RawMessage) Verdict {
	object := &unstructured.Unstructured{}
	// reads whole numbers as int64, which kstatus insists on
	if err := object.UnmarshalJSON(text); err != nil {
		return Verdict{Error: err.Error()}
	}
	result, err := status.Compute(object)
	if err != nil {
		return Verdict{Error: err.Error()}
	}
	return Verdict{Status: string(result.Status), Message: result.Message}
}

// decode says what is wrong, nothing when nothing is.
func decode(manifest string) string {
	head := metav1.TypeMeta{}
	if err := yaml.Unmarshal([]byte(manifest), &head); err != nil {
		return err.Error()
	}
	kinds := map[string]any{
		source.GroupVersion.String() + " GitRepository":    &source.GitRepository{},
		source.GroupVersion.String() + " OCIRepository":    &source.OCIRepository{},
		kustomize.GroupVersion.String() + " Kustomization": &kustomize.Kustomization{},
		helm.GroupVersion.String() + " HelmRelease":        &helm.HelmRelease{},
	}
	into, known := kinds[head.APIVersion+" "+head.Kind]
	if !known {
		return fmt.Sprintf("unknown kind %s %s", head.APIVersion, head.Kind)
	}
	return strictly(manifest, into)
}

// strictly tells field names apart by case too, as the API server does.
func strictly(manifest string, into any) string {
	text, err := yaml.YAMLToJSONStrict([]byte(manifest))
	if err != nil {
		return err.Error()
	}
	unknown, err := kjson.UnmarshalStrict(text, into)
	if err == nil {
		err = errors.Join(unknown...)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func main() {
	question, answer := Question{}, Answer{}
	if err := json.NewDecoder(os.Stdin).Decode(&question); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, object := range question.Status {
		answer.Status = append(answer.Status, compute(object))
	}
	for _, manifest := range question.Manifests {
		answer.Manifests = append(answer.Manifests, decode(manifest))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
