# The wasm modules: dist/clasp.mjs + .wasm for pages, dist/clasp-hub.mjs + .wasm for the relay in Node.

set(CLASP_WASM_LINK_OPTIONS
  --no-entry
  -lwebsocket.js                        # <emscripten/websocket.h>
  -lexports.js                          # the only public switch that keeps the names of imports and exports
  -sMODULARIZE=1
  -sEXPORT_ES6=1
  -sENVIRONMENT=web                     # Node too: js-glue/loader.js does the loading
  -sMINIMAL_RUNTIME=1                   # the imports and no more: half the code of the usual one
  -sMINIMAL_RUNTIME_STREAMING_WASM_COMPILATION=1 # it is handed a compiled module
  -sALLOW_MEMORY_GROWTH=1
  -sMALLOC=emmalloc
  -sFILESYSTEM=0
  -sTEXTDECODER=2                       # no fallback for hosts without one
  -sSUPPORT_LONGJMP=0)

# clasp_wasm(<target> <output name> <core library> <source>...)
function(clasp_wasm target output library)
  set(pre_js ${PROJECT_SOURCE_DIR}/js-glue/pre.js)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE ${library} clasp_flags)
  target_link_options(${target} PRIVATE ${CLASP_WASM_LINK_OPTIONS} "SHELL:--pre-js ${pre_js}")
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${output}
    SUFFIX .mjs
    RUNTIME_OUTPUT_DIRECTORY ${CLASP_DIST_DIR}
    LINK_DEPENDS ${pre_js})
  add_custom_command(TARGET ${target} POST_BUILD VERBATIM
    COMMAND ${CMAKE_COMMAND} -E copy ${PROJECT_SOURCE_DIR}/cmake/loader.d.mts ${CLASP_DIST_DIR}/${output}.d.mts)
endfunction()

clasp_wasm(clasp_wasm clasp clasp_core ${CLASP_DOOR} src/wasm/websocket.c)
clasp_wasm(clasp_hub_wasm clasp-hub clasp_hub ${CLASP_HUB_DOOR})

# js-glue/abi.gen.js: the lists of the C headers as JavaScript constants, by the preprocessor alone. The headers give
# their macros (-imacros), none of their declarations.
set(abi_js ${PROJECT_SOURCE_DIR}/js-glue/abi.gen.js)
set(abi_template ${PROJECT_SOURCE_DIR}/src/wasm/abi.gen.js.h)
set(abi_headers base/limits.h wire/frame.h wire/message.h session/session.h peer/conference.h hub/hub.h wasm/abi.h)
list(TRANSFORM abi_headers PREPEND "-imacros;")
file(GLOB_RECURSE clasp_headers CONFIGURE_DEPENDS src/*.h)
add_custom_command(OUTPUT ${abi_js}
  COMMAND ${CMAKE_C_COMPILER} -E -P -x c -I ${PROJECT_SOURCE_DIR}/src -I ${cjson_SOURCE_DIR} ${abi_headers}
    ${abi_template} -o ${abi_js}
  DEPENDS ${clasp_headers}
  COMMENT "Generating js-glue/abi.gen.js"
  VERBATIM)
add_custom_target(clasp_constants ALL DEPENDS ${abi_js})
