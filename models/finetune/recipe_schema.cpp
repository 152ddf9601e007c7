// The JSON Schema of recipes: the reader's own record, with a text for each field.
#include "npusim/base/json_schema.h"
#include "npusim/models/quantization/precision_json.h"
#include "recipe_fields.h"

namespace npusim {
namespace {

FieldTexts texts() {
    FieldTexts texts{
        {"/$schema", "the schema of this file, for editors; has no effect"},
        {"/comment", "for people; has no effect"},
        {"/epochs", "passes over the training images"},
        {"/batch_images", "images of a batch"},
        {"/batch_growth", "batches that grow during training"},
        {"/batch_growth/*/epoch", "the first epoch, from 0, with this batch; above the entry's before"},
        {"/batch_growth/*/images", "images of a batch from then on"},
        {"/piece_images", "images computed at once: fewer take less memory; batch norm sees the statistics of a piece"},
        {"/learning_rate", "the learning rate over the training"},
        {"/learning_rate/kind", "how it falls"},
        {"/learning_rate/first", "the rate at the beginning, after warming up"},
        {"/learning_rate/last", "the rate at the end, of exponential and cosine"},
        {"/learning_rate/factor", "what a step multiplies the rate by"},
        {"/learning_rate/milestones", "when a step happens, as fractions of the training"},
        {"/learning_rate/warmup_epochs", "epochs over which the rate rises to the first one"},
        {"/momentum", "of stochastic gradient descent"},
        {"/weight_decay", "of stochastic gradient descent"},
        {"/nesterov", "Nesterov's momentum"},
        {"/label_smoothing", "share of the target that is spread over all classes"},
        {"/distillation", "learning from the outputs of the network that training began from"},
        {"/distillation/weight", "share of the loss"},
        {"/distillation/temperature", "divides the logits of both"},
        {"/batch_norm", "batch norm during training"},
        {"/batch_norm/freeze", "keep the statistics that training began with"},
        {"/batch_norm/momentum", "share of a batch in the running statistics"},
        {"/augment", "shift and mirror the training images"},
        {"/empty_classes", "allow classes without a training image"},
        {"/seed", "of the images' order, of augmentation and of random weights"},
        {"/quantization", "how weights and activations are quantized during training"},
        {"/quantization/method", "fp32: not at all; faq: steps from calibration; lsq: learned steps"},
        {"/quantization/calibration_images", "training images that set the ranges"},
        {"/quantization/precision", "bits, rounding and scales"},
    };
    texts.merge(precision_texts("/quantization/precision"));
    return texts;
}

}  // namespace

nlohmann::json recipe_schema() {
    const nlohmann::json given = nlohmann::json::object();
    nlohmann::json schema;
    JsonReader reader = JsonReader::recording(given, schema);
    Recipe recipe;
    read_recipe_fields(reader, recipe);
    describe_fields(schema, texts());
    return schema_document("A recipe of npusim train and npusim finetune", std::move(schema));
}

}  // namespace npusim
