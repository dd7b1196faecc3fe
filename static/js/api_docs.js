"use strict";

// The document of the API in the browser. Cookies stay behind: what is tried here is tried with the token alone.
const place = document.getElementById("swagger-ui");

window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  displayOperationId: false,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  filter: true,
  validatorUrl: null,
  withCredentials: false,
  requestInterceptor(request) {
    request.credentials = "omit";
    return request;
  },
});
