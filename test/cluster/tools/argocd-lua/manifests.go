// Reads manifests of Argo CD's own kinds: unknown fields are refused. Makes Applications of an ApplicationSet.
package main

import (
	"errors"
	"fmt"

	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Template is an ApplicationSet and what a generator found.
type Template struct {
	Manifest   string         `json:"manifest"`
	Parameters map[string]any `json:"parameters"`
}

// decode says what is wrong, nothing when nothing is.
func decode(manifest string) string {
	head := metav1.TypeMeta{}
	if err := yaml.Unmarshal([]byte(manifest), &head); err != nil {
		return err.Error()
	}
	kinds := map[string]any{"Application": &v1alpha1.Application{}, "ApplicationSet": &v1alpha1.ApplicationSet{}, "AppProject": &v1alpha1.AppProject{}}
	into, known := kinds[head.Kind]
	if !known || head.APIVersion != "argoproj.io/v1alpha1" {
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
	unknown, err := json.UnmarshalStrict(text, into)
	if err == nil {
		err = errors.Join(unknown...)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func render(template Template) any {
	set := v1alpha1.ApplicationSet{}
	if wrong := strictly(template.Manifest, &set); wrong != "" {
		return failure(errors.New(wrong))
	}
	meta := set.Spec.Template.ApplicationSetTemplateMeta
	application := &v1alpha1.Application{
		ObjectMeta: metav1.ObjectMeta{Name: meta.Name, Namespace: meta.Namespace, Labels: meta.Labels, Annotations: meta.Annotations, Finalizers: meta.Finalizers},
		Spec:       set.Spec.Template.Spec,
	}
	made, err := (&utils.Render{}).RenderTemplateParams(application, set.Spec.SyncPolicy, template.Parameters, set.Spec.GoTemplate, set.Spec.GoTemplateOptions)
	if err != nil {
		return failure(err)
	}
	return made
}
