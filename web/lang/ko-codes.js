/**
 * What the server says with a code, in Korean. Of several sentences the first counts whose `{values}` have come
 * (`js/told.js` knows where they are). A test holds the codes to the server's own.
 */
export default {
  // the live socket
  not_pcm: "보낸 소리가 약속한 형식이 아닙니다. 페이지를 새로 고쳐 다시 시도하세요.",
  frame_too_big: "한 번에 보낸 메시지({sent}바이트)가 너무 큽니다. {most}바이트까지 받습니다.",
  internal: "서버에 예상하지 못한 문제가 생겼습니다. 자세한 내용은 서버 로그에 있습니다.",
  full: [
    "동시에 이용할 수 있는 {places}자리가 모두 찼습니다. {seconds}초 뒤에 다시 시도하세요.",
    "지금은 말이 글이 되기까지 {behind}초가 걸립니다. {seconds}초 뒤에 다시 시도하세요.",
    "서버가 이미 녹음 파일 {kept}개를 보관하고 있습니다. 나중에 다시 보내 주세요.",
    "지금은 자리가 없습니다. {seconds}초 뒤에 다시 시도하세요.",
    "지금은 자리가 없습니다. 잠시 뒤 다시 시도하세요.",
  ],
  bad_message: "서버가 이 페이지의 메시지를 읽지 못했습니다. 페이지를 새로 고쳐 주세요.",
  bad_start: ["서버가 고른 값을 받지 않습니다({field}: {value}).", "서버가 고른 설정을 받지 않습니다."],
  unsupported_version: [
    "이 페이지의 프로토콜 버전({asked})을 서버가 쓰지 않습니다(서버: {spoken}). 페이지를 새로 고쳐 주세요.",
    "이 페이지의 프로토콜 버전을 서버가 쓰지 않습니다. 페이지를 새로 고쳐 주세요.",
  ],
  cannot_resume: "서버가 이 대화를 이어 갈 수 없습니다. 새로 시작하세요.",
  taken_over: "이 대화는 다른 연결에서 계속됩니다.",
  slow_reader: "결과를 제때 받지 않아 서버가 연결을 닫았습니다.",
  already_started: "대화가 이미 시작되었습니다. 설정을 바꾸려면 다시 연결하세요.",
  after_stop: "멈춘 뒤에는 소리를 받지 않습니다.",
  storage_unavailable: "서버가 저장소에 연결하지 못하고 있습니다. 잠시 뒤 다시 시도하세요.",
  storage_full: ["서버의 저장소가 가득 찼습니다. {seconds}초 뒤에 다시 시도하세요.", "서버의 저장소가 가득 찼습니다. 나중에 다시 시도하세요."],
  events_lost: ["이 대화의 결과 {count}개가 서버에 남아 있지 않습니다.", "이 대화의 결과 일부가 서버에 남아 있지 않습니다."],
  not_ready: "말을 글로 옮길 준비가 덜 되었습니다. 한 말은 보관했다가 준비되면 답합니다.",
  timeout: ["결과 {count}개가 제때 오지 않았습니다.", "결과 일부가 제때 오지 않았습니다."],

  // one part of what was said
  audio_missing: "이 부분의 소리가 서버에 남아 있지 않습니다.",
  audio_changed: "이 부분의 소리가 보낸 것과 다릅니다.",
  audio_too_large: "이 부분의 소리가 한 번에 처리하기에 너무 큽니다.",
  audio_too_long: [
    "이 부분({length}초)이 너무 깁니다. 음성 모델은 한 번에 {most}초까지 받습니다.",
    "이 부분이 너무 깁니다.",
  ],
  bad_task: "작업 프로그램이 맡은 일을 읽지 못했습니다. 서버의 부분마다 버전이 다를 수 있습니다.",
  unsupported_language: ["음성 모델({model})이 고른 언어({language})를 모릅니다.", "음성 모델이 고른 언어를 모릅니다."],
  unsupported_task: ["음성 모델({model})은 영어만 알아 번역할 수 없습니다.", "음성 모델은 번역할 수 없습니다."],
  transcript_unreadable: "이 부분의 글이 다른 버전으로 저장되어 읽을 수 없습니다.",
  transcription_failed: [
    "음성 모델이 {times}번 실패했습니다({error}).",
    "음성 모델이 실패했습니다({error}).",
    "음성 모델이 실패했습니다.",
  ],
  analysis_failed: ["감정 모델이 실패했습니다({error}).", "감정 모델이 실패했습니다."],
  gave_up: ["{times}번 시도했지만 끝내지 못했습니다.", "끝내지 못했습니다."],

  // what is wrong with a recording
  empty: "빈 파일입니다(0바이트). 파일을 다시 고르거나 새로 녹음하세요.",
  not_audio: "알려진 형식의 녹음 파일이 아닙니다. WAV, FLAC, MP3, M4A/MP4, OGG, WebM 같은 흔한 소리나 영상 파일을 보내 주세요.",
  no_audio: "들어 있는 소리가 없습니다. 소리가 있는 녹음 파일이나 소리만 보내 주세요.",
  unsupported_codec: [
    "소리의 압축 방식({codec})을 여기서는 읽을 수 없습니다. WAV, FLAC, MP3, AAC, Opus로 바꿔 주세요.",
    "소리의 압축 방식을 알 수 없습니다. WAV, FLAC, MP3, AAC, Opus로 바꿔 주세요.",
  ],
  unsupported_sound: "파일에 적힌 소리는 {rate} Hz, {channels}채널입니다. {least_rate}~{most_rate} Hz, {most}채널 이하로 바꿔 주세요.",
  incomplete: "맨 끝에 적히는 색인이 없는 MP4 또는 M4A 파일입니다. 녹음이나 복사가 일찍 끝났습니다. 온전한 파일을 보내거나 이 파일을 복구하세요.",
  corrupt: "녹음 파일처럼 보이지만 읽을 수 있는 것이 없습니다. 손상되었거나 복사가 금지된 파일입니다. 다른 사본을 보내거나 WAV, FLAC, MP3로 바꿔 주세요.",
  no_samples: "녹음의 길이가 0초입니다. 새로 녹음하세요.",
  too_long: "녹음이 허용된 {hours}시간보다 깁니다. 짧게 나눠 하나씩 보내 주세요.",
  truncated: [
    "파일이 잘려 전체 {whole}초 가운데 {second}초에서 소리가 끝납니다. 남은 부분은 모두 읽었습니다.",
    "파일이 잘려 {second}초에서 소리가 끝납니다. 남은 부분은 모두 읽었습니다.",
  ],
  damaged: [
    "파일이 {places}군데 손상되었습니다(처음은 {second}초). 나머지는 읽었습니다.",
    "파일이 {second}초에서 손상되었습니다. 나머지는 읽었습니다.",
  ],
  gap: [
    "소리가 {places}군데 빠져 있어(처음은 {second}초) 그 자리는 무음으로 채웠습니다.",
    "소리가 {second}초에서 빠져 있어 그 자리는 무음으로 채웠습니다.",
  ],

  // a recording's work
  preparation_failed: ["녹음 파일을 {times}번 읽으려 했지만 실패했습니다.", "녹음 파일을 읽지 못했습니다."],
  audio_lost: "녹음 파일이 서버의 저장소에 남아 있지 않습니다. 다시 보내 주세요.",
  lost: "서버가 이 녹음의 일부를 잃었습니다. 다시 보내 주세요.",
  unreadable: "서버에 적힌 이 녹음의 기록을 읽을 수 없습니다. 손상되었거나 다른 버전이 쓴 것입니다. 지우고 다시 보내 주세요.",
  nobody_waits: "기다리는 사람이 없어 그만두었습니다.",
  failed: "실패한 부분이 있습니다.",
  cancelled: "취소된 녹음입니다.",
  not_finished: ["아직 작업 중입니다({percent} %).", "아직 작업 중입니다."],

  // requests
  too_large: ["녹음 파일이 여기서 받는 크기({bytes}바이트)보다 큽니다.", "보낸 것이 여기서 받는 크기보다 큽니다."],
  several_files: "녹음 파일은 한 번에 하나씩 보내 주세요.",
  bad_form: "파일이 온전히 오지 않았습니다. 다시 보내 주세요.",
  no_file: "보낸 것에 파일이 없습니다.",
  too_slow: ["{seconds}초 동안 {bytes}바이트도 오지 않아 받기를 그만두었습니다. 다시 보내 주세요.", "너무 느려서 받기를 그만두었습니다. 다시 보내 주세요."],
  broken_off: "보내는 도중에 끊겼습니다.",
  busy: ["지금 녹음 파일 {count}개를 받고 있습니다. 잠시 뒤 다시 시도하세요.", "지금 받고 있는 녹음 파일이 많습니다. 잠시 뒤 다시 시도하세요."],
  followers_full: ["지금 {count}명이 녹음을 지켜보고 있어 자리가 없습니다. 잠시 뒤 다시 시도하세요.", "지금 녹음을 지켜볼 자리가 없습니다. 잠시 뒤 다시 시도하세요."],
  share_full: [
    "이미 녹음 {own}개를 보관하고 있어 더 받을 수 없습니다. 끝난 녹음을 지우거나 나중에 다시 보내 주세요.",
    "구별되지 않는 사용자들의 녹음 {together}개를 이미 보관하고 있습니다. 나중에 다시 보내 주세요.",
    "보관할 수 있는 만큼 이미 보관하고 있습니다. 나중에 다시 보내 주세요.",
  ],
  try_again: "다시 보내 주세요.",
  idempotency_conflict: "같은 Idempotency-Key가 다른 녹음 파일이나 설정으로 이미 쓰였습니다.",
  invalid_request: ["값이 올바르지 않습니다: {field}", "요청이 올바르지 않습니다."],
  invalid_value: ["값이 올바르지 않습니다: {field}", "요청이 올바르지 않습니다."],
  bad_request: "요청을 읽을 수 없습니다.",
  unsupported_media_type: "이런 형식으로는 녹음 파일을 받지 않습니다.",
  model_not_found: ["여기에는 없는 모델입니다: {model}", "여기에는 그 모델이 없습니다."],
  webhook_refused: "이 웹훅 주소는 쓸 수 없습니다.",
  not_found: "찾을 수 없습니다. 주소가 틀렸거나, 보관 기간이 지났거나, 다른 사람의 것입니다.",
  method_not_allowed: "이 주소에서는 할 수 없는 일입니다.",
  cross_site: "다른 사이트의 페이지는 이 일을 할 수 없습니다.",
  no_secret: "목록을 보려면 보낼 때 쓴 비밀 값이나 쿠키가 필요합니다.",
  no_key: "이 대화를 읽으려면 그 열쇠가 필요합니다.",
  gateway_away: "서버가 시작 중이거나 업데이트 중입니다. 몇 초 뒤 다시 시도하세요.",
  too_many: "이 주소에서 한꺼번에 온 요청이 너무 많습니다. 몇 초 뒤 다시 시도하세요.",

  // why something was not judged, which comes without a code
  not_judged: "아직 판단하지 않았습니다",
  no_words: "단어가 없습니다",
  unknown_language: "어떤 언어인지 알 수 없습니다",
  other_language: "감정 모델이 아는 언어: {known} (이 말: {language})",
};
