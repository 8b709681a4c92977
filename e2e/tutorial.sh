#!/usr/bin/env bash
# This is docs/tutorial.md, as a script: the comments from the title on are the page, and the commands between them are
# shown as they stand. Lines that begin with `check`, `eventually` or `set` see that it is true, and the page leaves them
# out (xtask/src/tutorial.rs). It runs on the stage that e2e/tests/tutorial.rs sets: `./test.sh tutorial`.
set -euo pipefail

# Fails the script, unless the command that follows succeeds: check 'WHAT MUST BE TRUE' COMMAND…
check() {
  code=$?
  "${@:2}" || fail "$1"
}
# The same, for what takes its time.
eventually() {
  local end=$((SECONDS + 240))
  until "${@:2}" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { "${@:2}" || true; fail "$1"; }
    sleep 1
  done
}
fail() {
  echo "tutorial.sh, line ${BASH_LINENO[1]}: not true: $1" >&2
  kubectl get pods,secrets >&2 || true
  exit 1
}
# What `check` and `eventually` ask for.
exited() { [ "$code" = "$1" ]; }
says() {
  said=$("${@:2}" 2>&1) || true
  [[ $said == *"$1"* ]] || { printf '%s\n' "${*:2}:" "$said" >&2; return 1; }
}
lacks() { says "$@" 2>/dev/null && return 1 || return 0; }
pulls() {
  local host=${1%%/*} name=${1#*/}
  curl --silent --fail --cacert "$WHARF_CA_FILE" --user "_json_key:$(<key.json)" --output answer.json \
    --header 'Accept: application/vnd.oci.image.manifest.v1+json' "https://$host/v2/${name%:*}/manifests/${name##*:}"
}
is_denied() { ! pulls "$1"; }
runs() { [ "$(kubectl get pods --selector "app=$1" --output jsonpath='{.items[-1:].status.phase}')" = Running ]; }
waits() { says ImagePullBackOff kubectl get pods --selector "app=$1"; }
unchanged() { [ "$(kubectl get deployment "$1" --output jsonpath='{.metadata.generation}')" = "$2" ]; }

# # Private images in a cluster, step by step
#
# A cluster cannot pull your private image. At the end of this page it can, and with no more rights than it needs. The way
# there is the one that people know from Google Container Registry, with the same programs: `gcloud`, `docker` and `kubectl`
# do not know that it is not Google that answers them. In between, `wharf` does in one step what takes several by hand.
#
# Every line below is run, just as it stands, by the tests of this registry, on a genuine cluster. You need:
#
# - a registry that your nodes reach as `us.registry.test`, with images in the project `my-project`
#   ([getting started](getting-started.md) makes one, and `wharf serve --host us.registry.test=us` gives it that name);
# - `owner.json`, the key of an account that may manage the project;
# - a cluster, and `kubectl` that speaks to it;
# - `gcloud`, `docker`, `jq` and `wharf` where you sit.
#
# Put your own names where the page says `us.registry.test` and `my-project`.
#
# ## Tell gcloud where the registry is
#
# gcloud speaks to Google unless it is told otherwise. `wharf gcloud-env` prints what it has to be told, as variables of this
# shell; [gcloud](gcloud.md) has other ways, and how to undo it.

wharf auth login https://us.registry.test --key-file owner.json
eval "$(wharf gcloud-env --project my-project)"
gcloud auth activate-service-account --key-file owner.json

check 'gcloud sees the project' says my-project gcloud projects list --format='value(projectId)'

# ## What goes wrong
#
# Run an image from the registry, and look at its Pod.

kubectl create deployment web --image us.registry.test/my-project/hello:v1
kubectl get pods

eventually 'the Pod waits' waits web

# Soon its status is `ErrImagePull`, then `ImagePullBackOff`: the node asked the registry for the image, was refused, and will
# ask again, ever more slowly. That is right, since the image is private and the node said nothing of who it is. Rather than
# guess, ask:

set +e
wharf doctor deployment/web
check 'the doctor has found something' exited 3
set -e
check 'it names what is missing' says 'no-pull-secret · certain' wharf doctor deployment/web

# It names the cause: the Pod has no credential for `us.registry.test`. To give it one takes an account, a role, a key, and a
# Secret in the cluster. [The doctor](doctor.md) would print the commands of `wharf`; here we go the long way once.
#
# ## An account for the cluster
#
# Nobody's own account belongs on a node. Make one that does nothing but pull; if a node is lost, that is all that is lost.

gcloud iam service-accounts create gcr-puller --display-name "pulls images for the cluster"

check 'the account is there' says gcr-puller@my-project.iam.gserviceaccount.com \
  gcloud iam service-accounts list --format='value(email)'

# Its name is `gcr-puller@my-project.iam.gserviceaccount.com`. It can do nothing yet.
#
# ## A role
#
# Who may do what is a binding: a role, for a member, on a resource. Images lie in a bucket of the project, so the right to
# pull is the right to read objects, `roles/storage.objectViewer`:

gcloud projects add-iam-policy-binding my-project --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --role roles/storage.objectViewer

check 'the role is bound' says roles/storage.objectViewer \
  gcloud projects get-iam-policy my-project --format='value(bindings.role)'

# This lets the account pull every image of the project, and nothing else: not push, not delete, and nothing of any other
# project.
#
# Google's page has you switch on uniform bucket-level access at this point, so that roles decide alone and no access lists of
# single objects beside them. Here that is always so, and the line is answered as done:

gcloud storage buckets update gs://us.artifacts.my-project.appspot.com --uniform-bucket-level-access

check 'uniform access is on' says True gcloud storage buckets describe gs://us.artifacts.my-project.appspot.com \
  --format='value(uniform_bucket_level_access)'

# ## Only one bucket
#
# A project has a bucket for each location that it has images in. What was pushed to `us.registry.test` lies in
# `us.artifacts.my-project.appspot.com`, what was pushed to `eu.registry.test` in `eu.artifacts.my-project.appspot.com`. If the
# cluster needs the first only, say so with a condition. The role without one has to go, since whatever one binding grants no
# other takes away:

gcloud projects remove-iam-policy-binding my-project --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --role roles/storage.objectViewer
gcloud projects add-iam-policy-binding my-project --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --role roles/storage.objectViewer --condition 'title=images-only,expression=resource.type == "storage.googleapis.com/Object" && resource.name.startsWith("projects/_/buckets/us.artifacts.my-project.appspot.com")'

check 'the condition is there' says images-only \
  gcloud projects get-iam-policy my-project --format='value(bindings.condition.title)'

# [Access](access.md) tells what else a condition can ask: for one image, until a day, in office hours.
#
# ## A key
#
# The node proves that it is the account with the account's key.

gcloud iam service-accounts keys create key.json --iam-account gcr-puller@my-project.iam.gserviceaccount.com

check 'nobody else reads the file' says 600 stat --format=%a key.json
check 'it is the key of the account' says gcr-puller@my-project.iam.gserviceaccount.com jq --raw-output .client_email key.json

# The private half is in `key.json` and nowhere else; the registry does not have it and cannot show it again. The file is as
# good as a password. Try it before the cluster does:

docker login --username _json_key --password-stdin https://us.registry.test < key.json

check 'it pulls from the bucket' pulls us.registry.test/my-project/hello:v1
check 'and from no other' is_denied eu.registry.test/my-project/hello:v1

# The user's name is the word `_json_key`, which says that the password is a key file.
#
# ## A Secret
#
# In the cluster the credential is a Secret of a kind of its own. kubectl writes it:

kubectl create secret docker-registry gcr-json-key --docker-server=https://us.registry.test --docker-username=_json_key --docker-password="$(cat key.json)" --docker-email=any@valid.email

check 'it is of the kind' says kubernetes.io/dockerconfigjson kubectl get secret gcr-json-key --output jsonpath='{.type}'

# The server must be the one that images name; a port, if they have one, belongs to it. The address of the mail is asked for by
# habit and used by nobody. While this runs, the key is in the list of the machine's processes, for all who may see it.
# `wharf pull-secret create gcr-json-key --key-file key.json --registry us.registry.test` makes the same Secret without that.
#
# Look at what there is:

kubectl get secrets
kubectl describe serviceaccount default

check 'the ServiceAccount has no pull secrets' says '<none>' kubectl describe serviceaccount default

# The Secret is there, and no Pod uses it: `Image pull secrets` of the ServiceAccount `default` is `<none>`. There are two ways
# to change that.
#
# ## Way 1: for every Pod of the namespace
#
# A Pod that says nothing else runs as the ServiceAccount `default` of its namespace, and is given the pull secrets that this
# one has when it is made.

kubectl patch serviceaccount default -p '{"imagePullSecrets":[{"name":"gcr-json-key"}]}'
kubectl rollout restart deployment web
kubectl rollout status deployment web

eventually 'the Pod runs' runs web

# The Pod runs. It needed the restart, since the Pod from before the change had got its list already, an empty one.
#
# Mind what `patch` does here: it replaces the list. Had there been another Secret in it, Pods would pull from that registry no
# more. `wharf pull-secret attach gcr-json-key --restart` puts the name behind those that are there.
#
# ## Way 2: for the Pods of one workload
#
# Or name the Secrets in the workload itself. That is the way for images of several registries, each with a Secret of its own. A
# partner has given you `partner.json`, a key of their registry:

kubectl create serviceaccount bare
kubectl create secret docker-registry partner-json-key --docker-server=https://registry.partner.test --docker-username=_json_key --docker-password="$(cat partner.json)"
kubectl apply -f - <<'MANIFEST'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: both
spec:
  selector:
    matchLabels:
      app: both
  template:
    metadata:
      labels:
        app: both
    spec:
      serviceAccountName: bare
      imagePullSecrets:
        - name: gcr-json-key
        - name: partner-json-key
      containers:
        - name: ours
          image: us.registry.test/my-project/hello:v2
        - name: theirs
          image: registry.partner.test/the-shop/tool:v1
MANIFEST
kubectl rollout status deployment both

eventually 'both containers run' runs both

# The ServiceAccount `bare` has no pull secrets; the Pod brings its own. A workload that has a list does not get that of its
# ServiceAccount in addition.
#
# ## When the condition is wrong
#
# There is a page in print whose condition asks for the type `storage.googleapis.com/Bucket`. What a node pulls are objects, so
# such a condition is never true. See what that looks like, to know it again:

gcloud projects remove-iam-policy-binding my-project --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --role roles/storage.objectViewer --all
gcloud projects add-iam-policy-binding my-project --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --role roles/storage.objectViewer --condition 'title=images-only,expression=resource.type == "storage.googleapis.com/Bucket" && resource.name.startsWith("projects/_/buckets/us.artifacts.my-project.appspot.com")'
kubectl create deployment later --image us.registry.test/my-project/hello:v3

eventually 'the Pod waits' waits later

# `ImagePullBackOff` once more, though account, key and Secret are as they were. The registry says why:

wharf iam troubleshoot gcr-puller@my-project.iam.gserviceaccount.com --permission storage.objects.get --resource //storage.googleapis.com/projects/_/buckets/us.artifacts.my-project.appspot.com/objects/containers/repositories/library/hello/tag_v3

check 'the explanation names the condition' says '"images-only"' wharf iam troubleshoot \
  gcr-puller@my-project.iam.gserviceaccount.com --permission storage.objects.get --resource \
  //storage.googleapis.com/projects/_/buckets/us.artifacts.my-project.appspot.com/objects/containers/repositories/library/hello/tag_v3
check 'and what it saw' says 'resource.type is "storage.googleapis.com/Object"' echo "$said"

# The role would grant it under the condition `images-only`, but that is false, since `resource.type` is
# `storage.googleapis.com/Object`. With the right type the Pod runs by itself: the node is still asking.

gcloud projects remove-iam-policy-binding my-project --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --role roles/storage.objectViewer --all
gcloud projects add-iam-policy-binding my-project --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --role roles/storage.objectViewer --condition 'title=images-only,expression=resource.type == "storage.googleapis.com/Object" && resource.name.startsWith("projects/_/buckets/us.artifacts.my-project.appspot.com")'

eventually 'the Pod runs' runs later

# ## Bonus: another name for the registry
#
# What is in that Secret?

kubectl get secret gcr-json-key -o jsonpath='{.data.\.dockerconfigjson}' | base64 --decode

check 'it is a map by registry' says '{"auths":{"https://us.registry.test":{' \
  bash -c "kubectl get secret gcr-json-key -o jsonpath='{.data.\.dockerconfigjson}' | base64 --decode"

# A map: for each registry, who to be there. So when the same registry is given another name, no workload has to change and no
# key is made. Put the same credential under the new name:

kubectl get secret gcr-json-key -o jsonpath='{.data.\.dockerconfigjson}' | base64 --decode > one.json
jq --compact-output '.auths["us.images.test"] = .auths["https://us.registry.test"]' one.json > two.json
kubectl patch secret gcr-json-key -p "{\"data\":{\".dockerconfigjson\":\"$(base64 --wrap=0 two.json)\"}}"
kubectl create deployment renamed --image us.images.test/my-project/hello:v1
kubectl rollout status deployment renamed

eventually 'the new name is pulled from' runs renamed
check 'no workload was changed' unchanged both 1

# Nothing was restarted: the node reads the Secret anew for each pull.
#
# That was four steps, a file with a key in it that you now have to delete, and whoever changed the Secret meanwhile has lost
# their change. The same in one step that loses nothing:

rm one.json two.json
wharf pull-secret add-registry gcr-json-key us.pictures.test --same-credentials-as us.images.test
kubectl create deployment renamed-again --image us.pictures.test/my-project/hello:v1
kubectl rollout status deployment renamed-again

eventually 'the third name is pulled from' runs renamed-again
check 'the first one still is' says us.registry.test \
  bash -c "kubectl get secret gcr-json-key -o jsonpath='{.data.\.dockerconfigjson}' | base64 --decode"

# ## Where to go from here
#
# - [Pull secrets](pull-secrets.md): many namespaces at once, keys that expire, an account for just the images that you name.
# - [Access](access.md): roles, conditions, and how to take something back.
# - [The doctor](doctor.md): why images are not pulled, from any registry.
