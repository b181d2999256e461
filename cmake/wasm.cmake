# The wasm modules, each dist/<name>.mjs + .wasm: clasp for pages, clasp-client for clients, clasp-peer for data-channel peers,
# clasp-hub for the relay in Node.

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
  target_compile_options(${target} PRIVATE ${CLASP_OPTIMIZE})
  target_link_options(${target} PRIVATE ${CLASP_OPTIMIZE} ${CLASP_WASM_LINK_OPTIONS} "SHELL:--pre-js ${pre_js}")
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${output}
    SUFFIX .mjs
    RUNTIME_OUTPUT_DIRECTORY ${CLASP_DIST_DIR}
    LINK_DEPENDS ${pre_js})
  add_custom_command(TARGET ${target} POST_BUILD VERBATIM
    COMMAND ${CMAKE_COMMAND} -E copy ${PROJECT_SOURCE_DIR}/cmake/loader.d.mts ${CLASP_DIST_DIR}/${output}.d.mts)
endfunction()

clasp_wasm(clasp_wasm clasp clasp_core ${CLASP_DOOR} src/wasm/websocket.c)

# The page's module has a budget: once more over it, control flow taken apart and put together again (1 % smaller).
find_program(CLASP_WASM_OPT wasm-opt HINTS ${EMSCRIPTEN_ROOT_PATH}/../bin)
if(CLASP_WASM_OPT)
  add_custom_command(TARGET clasp_wasm POST_BUILD VERBATIM
    COMMAND ${CLASP_WASM_OPT} --flatten --rereloop -Oz -Oz ${CLASP_DIST_DIR}/clasp.wasm -o ${CLASP_DIST_DIR}/clasp.wasm)
endif()
clasp_wasm(clasp_client_wasm clasp-client clasp_core ${CLASP_CLIENT_DOOR} src/wasm/websocket.c)
clasp_wasm(clasp_peer_wasm clasp-peer clasp_core ${CLASP_P2P_DOOR} src/wasm/websocket.c)
target_link_options(clasp_peer_wasm PRIVATE -Os) # the last one counts: with -Oz memcpy() is a loop over bytes, and bulk is copied here
clasp_wasm(clasp_hub_wasm clasp-hub clasp_hub ${CLASP_HUB_DOOR})

# The codec's module is compiled for speed: docs/architecture.md says why there is a third one. What is off the hot path is not:
# messages by the names of their fields, and legacy payloads.
set(CLASP_OPTIMIZE -O3)
file(GLOB clasp_rare src/wire/fields_*.c src/wire/legacy*.c src/wire/msgpack.c)
set_source_files_properties(${clasp_rare} PROPERTIES COMPILE_OPTIONS -Oz)
clasp_library(clasp_fast base wire route codec)
clasp_wasm(clasp_codec_wasm clasp-codec clasp_fast ${CLASP_CODEC_DOOR})

# clasp_constants(<name> <header>...): js-glue/<name>.gen.js, the lists of these headers as JavaScript constants, by the
# preprocessor alone. The headers give their macros (-imacros), none of their declarations.
file(GLOB_RECURSE clasp_headers CONFIGURE_DEPENDS src/*.h)
function(clasp_constants name)
  set(output ${PROJECT_SOURCE_DIR}/js-glue/${name}.gen.js)
  list(TRANSFORM ARGN PREPEND "-imacros;")
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_C_COMPILER} -E -P -x c -I ${PROJECT_SOURCE_DIR}/src -I ${cjson_SOURCE_DIR} ${ARGN}
      ${PROJECT_SOURCE_DIR}/src/wasm/${name}.gen.js.h -o ${output}
    COMMAND ${CMAKE_COMMAND} -DFILE=${output} -P ${PROJECT_SOURCE_DIR}/cmake/plain-numbers.cmake
    DEPENDS ${clasp_headers} ${PROJECT_SOURCE_DIR}/cmake/plain-numbers.cmake
    COMMENT "Generating js-glue/${name}.gen.js"
    VERBATIM)
  add_custom_target(clasp_constants_${name} ALL DEPENDS ${output})
endfunction()

clasp_constants(abi base/limits.h wire/frame.h wire/message.h wire/wide.h session/session.h session/client.h peer/conference.h
  peer/p2p.h peer/flow.h hub/hub.h hub/rendezvous.h wasm/abi.h)
clasp_constants(shapes codec/shapes.h)
clasp_constants(codec base/limits.h codec/shapes.h codec/tape.h codec/texts.h codec/codec.h codec/dispatch.h
  wasm/abi.h)
